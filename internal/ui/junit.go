package ui

import (
	"encoding/xml"
	"fmt"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/tfserverless/terraform-provider-serverless/internal/engine/suite"
)

// JUnit collects what tests came to, for a report in the XML form of JUnit. It is
// a suite.Reporter that hands everything on.
type JUnit struct {
	suite.Reporter
	Now     func() time.Time
	Sources Sources

	suites []suiteXML
	cases  map[string]caseXML // of the file that goes on
	failed string             // the run that ended in an error
}

type suiteXML struct {
	Name     string    `xml:"name,attr"`
	Tests    int       `xml:"tests,attr"`
	Skipped  int       `xml:"skipped,attr"`
	Failures int       `xml:"failures,attr"`
	Errors   int       `xml:"errors,attr"`
	Cases    []caseXML `xml:"testcase"`
}

type caseXML struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	Time    string     `xml:"time,attr,omitempty"`
	At      string     `xml:"timestamp,attr,omitempty"`
	Skipped *reasonXML `xml:"skipped,omitempty"`
	Failure *reasonXML `xml:"failure,omitempty"`
	Error   *reasonXML `xml:"error,omitempty"`
	Out     *reasonXML `xml:"system-err,omitempty"`
}

type reasonXML struct {
	Message string `xml:"message,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// FileStarted begins a suite.
func (j *JUnit) FileStarted(f *suite.File) {
	j.cases, j.failed = map[string]caseXML{}, ""
	j.Reporter.FileStarted(f)
}

// RunEnded notes a case.
func (j *JUnit) RunEnded(f *suite.File, r *suite.Run, o suite.Outcome) {
	j.Reporter.RunEnded(f, r, o)
	one := caseXML{Name: r.Name, Class: f.Path}
	text := Style{}.Diagnostics(o.Diags, j.Sources, false)
	switch o.Status {
	case suite.Skip:
		reason := "The run was interrupted."
		if j.failed != "" {
			reason = fmt.Sprintf("The run %q before it ended in an error.", j.failed)
		}
		one.Skipped = &reasonXML{Message: "Skipped", Text: reason}
	case suite.Fail:
		one.Failure = &reasonXML{Message: firstError(o.Diags), Text: text}
	case suite.Error:
		one.Error = &reasonXML{Message: firstError(o.Diags), Text: text}
		j.failed = r.Name
	default:
		if text != "" {
			one.Out = &reasonXML{Text: text}
		}
	}
	if o.Status != suite.Skip {
		one.Time, one.At = fmt.Sprintf("%.9f", o.Took.Seconds()), j.Now().UTC().Format(time.RFC3339)
	}
	j.cases[r.Name] = one
}

func firstError(diags hcl.Diagnostics) string {
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			return d.Summary
		}
	}
	return ""
}

// FileEnded ends a suite.
func (j *JUnit) FileEnded(f *suite.File, o suite.FileOutcome) {
	j.Reporter.FileEnded(f, o)
	out := suiteXML{Name: f.Path, Tests: len(f.Runs)}
	for _, r := range f.Runs {
		one := j.cases[r.Name]
		switch {
		case one.Skipped != nil:
			out.Skipped++
		case one.Failure != nil:
			out.Failures++
		case one.Error != nil:
			out.Errors++
		}
		out.Cases = append(out.Cases, one)
	}
	j.suites = append(j.suites, out)
}

// Document is the report.
func (j *JUnit) Document() ([]byte, error) {
	raw, err := xml.MarshalIndent(struct {
		XMLName xml.Name   `xml:"testsuites"`
		Suites  []suiteXML `xml:"testsuite"`
	}{Suites: j.suites}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return append([]byte(xml.Header), append(raw, '\n')...), nil
}
