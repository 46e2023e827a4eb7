// Package executions reads executions of state machines, from AWS, another server
// or an emulator, for the command line.
//
// It must not know how they are shown, nor Terraform.
package executions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/awsapi"
)

// Statuses are those of executions, by AWS's names.
var Statuses = []string{"RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"}

// An Execution is what AWS tells of one; in lists without its data.
type Execution struct {
	ARN     string    `json:"arn"`
	Machine string    `json:"state_machine_arn"`
	Name    string    `json:"name"`
	Status  string    `json:"status"`
	Start   time.Time `json:"start_date"`
	Stop    time.Time `json:"stop_date,omitzero"`
	Input   string    `json:"input,omitempty"`
	Output  string    `json:"output,omitempty"`
	Error   string    `json:"error,omitempty"`
	Cause   string    `json:"cause,omitempty"`
}

// An Event is one of an execution's history. State is that of events about entering
// and leaving one.
type Event struct {
	ID       int64     `json:"id"`
	Previous int64     `json:"previous_id"`
	Time     time.Time `json:"timestamp"`
	Type     string    `json:"type"`
	State    string    `json:"state,omitempty"`
}

// A Reader reads the executions of one region.
type Reader struct {
	sfn     *sfn.Client
	backend *awsapi.Backend
	region  string
}

// A Source says which server is AWS: at most one of DataDir, the folder of an
// emulator, and Endpoint, the URL of another server.
type Source struct {
	DataDir, Endpoint string
	Region, Profile   string // "" for those of AWS's configuration
	Version           string // of this program
}

// Open returns a reader.
func Open(ctx context.Context, s Source) (*Reader, error) {
	b, err := awsapi.New(awsapi.Config{DataDir: s.DataDir, Endpoint: s.Endpoint, Region: s.Region, Profile: s.Profile, Version: s.Version})
	if err != nil {
		return nil, err
	}
	region, err := b.Region(ctx)
	if err != nil {
		return nil, err
	}
	if region == "" {
		return nil, errors.New("no region: give -region, or set AWS_REGION")
	}
	client, err := b.SFN(ctx, region)
	return &Reader{client, b, region}, err
}

// Where says what is read from: the server and the region.
func (r *Reader) Where() string { return r.backend.Where() + ", " + r.region }

// ARN is that of an execution, given by it or as its state machine's name, a colon
// and its own name.
func (r *Reader) ARN(ctx context.Context, named string) (string, error) {
	return r.arn(ctx, "execution", named)
}

func (r *Reader) arn(ctx context.Context, kind, named string) (string, error) {
	if strings.HasPrefix(named, "arn:") {
		return named, nil
	}
	partition, account, err := r.backend.Identity(ctx, r.region)
	if err != nil {
		return "", fmt.Errorf("finding out the account: %w", err)
	}
	return strings.Join([]string{"arn", partition, "states", r.region, account, kind, named}, ":"), nil
}

// List returns at most so many executions, the newest first: of one state machine,
// which is given by its name or its ARN, or of all; and of one status, or of each.
func (r *Reader) List(ctx context.Context, machine, status string, limit int) ([]Execution, error) {
	var machines []string
	if machine != "" {
		arn, err := r.arn(ctx, "stateMachine", machine)
		if err != nil {
			return nil, err
		}
		machines = []string{arn}
	}
	for pages := sfn.NewListStateMachinesPaginator(r.sfn, &sfn.ListStateMachinesInput{}); machine == "" && pages.HasMorePages(); {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, told(err)
		}
		for _, m := range out.StateMachines {
			if m.Type == types.StateMachineTypeStandard { // of others AWS keeps no list
				machines = append(machines, aws.ToString(m.StateMachineArn))
			}
		}
	}
	all := []Execution{}
	for _, arn := range machines {
		some, err := r.of(ctx, arn, status, limit)
		if err != nil {
			return nil, told(err)
		}
		all = append(all, some...)
	}
	slices.SortStableFunc(all, func(a, b Execution) int { return cmp.Or(b.Start.Compare(a.Start), cmp.Compare(a.ARN, b.ARN)) })
	return all[:min(len(all), limit)], nil
}

func (r *Reader) of(ctx context.Context, machine, status string, limit int) (all []Execution, err error) {
	pages := sfn.NewListExecutionsPaginator(r.sfn, &sfn.ListExecutionsInput{StateMachineArn: &machine, StatusFilter: types.ExecutionStatus(status), MaxResults: int32(min(limit, 1000))})
	for pages.HasMorePages() && len(all) < limit {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range out.Executions {
			all = append(all, Execution{
				ARN: aws.ToString(e.ExecutionArn), Machine: aws.ToString(e.StateMachineArn), Name: aws.ToString(e.Name), Status: string(e.Status),
				Start: aws.ToTime(e.StartDate), Stop: aws.ToTime(e.StopDate),
			})
		}
	}
	return all, nil
}

// Get returns an execution, and the definition that it runs by.
func (r *Reader) Get(ctx context.Context, arn string) (e Execution, definition string, err error) {
	out, err := r.sfn.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if err != nil {
		return e, "", told(err)
	}
	m, err := r.sfn.DescribeStateMachineForExecution(ctx, &sfn.DescribeStateMachineForExecutionInput{ExecutionArn: &arn})
	if err != nil {
		return e, "", told(err)
	}
	return Execution{
		ARN: aws.ToString(out.ExecutionArn), Machine: aws.ToString(out.StateMachineArn), Name: aws.ToString(out.Name), Status: string(out.Status),
		Start: aws.ToTime(out.StartDate), Stop: aws.ToTime(out.StopDate),
		Input: aws.ToString(out.Input), Output: aws.ToString(out.Output), Error: aws.ToString(out.Error), Cause: aws.ToString(out.Cause),
	}, aws.ToString(m.Definition), nil
}

// Events returns the history of an execution, the oldest event first.
func (r *Reader) Events(ctx context.Context, arn string) ([]Event, error) {
	all := []Event{}
	pages := sfn.NewGetExecutionHistoryPaginator(r.sfn, &sfn.GetExecutionHistoryInput{ExecutionArn: &arn, MaxResults: 1000, IncludeExecutionData: aws.Bool(false)})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, told(err)
		}
		for _, e := range out.Events {
			one := Event{ID: e.Id, Previous: e.PreviousEventId, Time: aws.ToTime(e.Timestamp), Type: string(e.Type)}
			if d := e.StateEnteredEventDetails; d != nil {
				one.State = aws.ToString(d.Name)
			}
			if d := e.StateExitedEventDetails; d != nil {
				one.State = aws.ToString(d.Name)
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// told is an error in AWS's words, without the SDK's around them.
func told(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return fmt.Errorf("AWS answers %s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	return err
}
