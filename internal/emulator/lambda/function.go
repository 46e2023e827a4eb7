package lambda

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// settling is how long a new or changed function stays Pending or InProgress:
// long enough to be seen by who asks at once, and nobody waits for it.
const settling = 5 * time.Millisecond

// function is one function, as the store keeps it: its newest code and
// configuration, which is the version $LATEST, and what all versions share.
type function struct {
	ID string // of this creation: a function of the same name made later has another
	version
	Last int // number of the last version that was published, also where it is deleted

	Tags          map[string]string `json:",omitempty"`
	Reserved      *int32            `json:",omitempty"`
	RecursiveLoop types.RecursiveLoop
	Signing       *string `json:",omitempty"` // ARN of the code signing configuration
}

// version is what one version of a function runs: $LATEST, which changes, or a
// published one, which does not.
type version struct {
	Number int // 0 is $LATEST
	Change int // counts the changes of the function's code and configuration

	Configuration types.FunctionConfiguration // without what follows from Settles
	Unzipped      int64                       // of the package, in bytes
	Layers        []packed                    `json:",omitempty"` // of Configuration.Layers
	SourceKey     *string                     `json:",omitempty"` // the KMS key of the package
	Management    *management                 `json:",omitempty"`
	Policy        []statement                 `json:",omitempty"`

	// Settles is when the last change is done; Revision is the RevisionId then.
	Settles  time.Time
	Revision string
	Created  bool // whether that change was the creation

	Source string `json:",omitempty"` // of a published version, what source returned
}

// number is the version's name in requests.
func (v *version) number() string {
	if v.Number == 0 {
		return latest
	}
	return strconv.Itoa(v.Number)
}

// digest is the SHA-256 of the package, in hexadecimal.
func (v *version) digest() string { return digestOf(aws.ToString(v.Configuration.CodeSha256)) }

// source identifies code and configuration: of two versions with the same one,
// AWS publishes only the first.
func (v *version) source() string {
	c := v.Configuration
	c.FunctionArn, c.LastModified, c.RevisionId, c.Version = nil, nil, nil, nil
	b, _ := json.Marshal(c) // it comes from JSON
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// changed marks a change of code or configuration that begins now.
func (f *function) changed(now time.Time) {
	f.Change++
	f.Created = f.Change == 1
	f.Settles = now.Add(settling)
	f.Revision = uuid.NewString()
	f.Configuration.RevisionId = aws.String(uuid.NewString())
	f.Configuration.LastModified = aws.String(stamp(now))
}

// stamp is a time as Lambda writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+0000") }

// revise gives the version another RevisionId for a change that needs no time.
func (v *version) revise() {
	v.Revision = uuid.NewString()
	v.Configuration.RevisionId = aws.String(v.Revision)
}

func (v *version) settled(now time.Time) bool { return !now.Before(v.Settles) }

// changeable returns an error while the function is being made or changed.
func (f *function) changeable(n name, now time.Time) error {
	switch {
	case f.settled(now):
		return nil
	case f.Created:
		return errPending
	}
	return inProgress(n)
}

// describe returns the configuration as it is at that time.
func (v *version) describe(now time.Time) *types.FunctionConfiguration {
	c := v.Configuration
	switch {
	case v.settled(now):
		c.State, c.LastUpdateStatus = types.StateActive, types.LastUpdateStatusSuccessful
		c.RevisionId = aws.String(v.Revision)
	case v.Created:
		c.State = types.StatePending
		c.StateReason, c.StateReasonCode = aws.String("The function is being created."), types.StateReasonCodeCreating
	default:
		c.State = types.StateActive
		c.LastUpdateStatus = types.LastUpdateStatusInProgress
		c.LastUpdateStatusReason, c.LastUpdateStatusReasonCode = aws.String("The function is being created."), types.LastUpdateStatusReasonCode("Creating")
	}
	return &c
}

// listed returns the configuration as lists show it: without its state.
func (v *version) listed() types.FunctionConfiguration {
	c := v.Configuration
	c.RevisionId = aws.String(v.Revision)
	c.RuntimeVersionConfig = nil
	return c
}

// as returns a structure as the output of an operation that has the same fields in
// a type of its own.
func as[Out, In any](in *In) *Out {
	out := new(Out)
	from, to := reflect.ValueOf(in).Elem(), reflect.ValueOf(out).Elem()
	for i := range from.NumField() {
		if f := from.Type().Field(i); f.IsExported() {
			to.FieldByName(f.Name).Set(from.Field(i))
		}
	}
	return out
}

// runtimeVersion names the version of a runtime: a stable name per runtime.
func runtimeVersion(region string, r types.Runtime) *types.RuntimeVersionConfig {
	sum := sha256.Sum256([]byte(r))
	return &types.RuntimeVersionConfig{RuntimeVersionArn: aws.String("arn:aws:lambda:" + region + "::runtime:" + hex.EncodeToString(sum[:]))}
}

// versionKey is where a published version is kept; versions are in order.
func (n name) versionKey(number int) string { return n.Key(n.function, fmt.Sprintf("%012d", number)) }

// aliasKey is where an alias is kept.
func (n name) aliasKey(alias string) string { return n.Key(n.function, alias) }

// get returns the function of that name, whatever the qualifier is; the error says
// that there is none.
func (s *Service) get(tx *store.Tx, n name) (function, error) {
	f, ok := s.functions.Get(tx, n.key())
	if !ok {
		return f, n.missing()
	}
	return f, nil
}

// A target is what a name with its qualifier stands for.
type target struct {
	name
	function function
	// version serves the name: that of an alias is the one that it points to.
	version version
	alias   *alias // nil where the qualifier is none
}

// target returns what a name stands for; the error says that it stands for nothing.
func (s *Service) target(tx *store.Tx, n name) (target, error) {
	f, err := s.get(tx, n)
	t := target{name: n, function: f, version: f.version}
	if err != nil || n.qualifier == "" || n.qualifier == latest {
		return t, err
	}
	number := n.qualifier
	if !n.numbered() {
		a, ok := s.aliases.Get(tx, n.aliasKey(n.qualifier))
		if !ok {
			return t, n.missing()
		}
		t.alias, number = &a, a.Version
	}
	v, ok := s.numbered(tx, &f, n, number)
	if !ok {
		return t, n.missing()
	}
	t.version = v
	return t, nil
}

// numbered returns the version of that number, or $LATEST.
func (s *Service) numbered(tx *store.Tx, f *function, n name, number string) (version, bool) {
	if number == latest {
		return f.version, true
	}
	i, err := strconv.Atoi(number)
	if err != nil || strconv.Itoa(i) != number {
		return version{}, false
	}
	return s.versions.Get(tx, n.versionKey(i))
}

// find reads what a name stands for.
func (s *Service) find(n name) (t target, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		t, err = s.target(tx, n)
		return err
	})
	return t, err
}

// view reads the function of that name, which has no qualifier but $LATEST.
func (s *Service) view(n name) (f function, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		f, err = s.latest(tx, n)
		return err
	})
	return f, err
}

// latest is get for names that stand for the function as it is now.
func (s *Service) latest(tx *store.Tx, n name) (function, error) {
	f, err := s.get(tx, n)
	if err == nil && n.qualifier != "" && n.qualifier != latest {
		return f, n.missing()
	}
	return f, err
}

// edit changes the function of that name by change, if it returns nil.
func (s *Service) edit(n name, change func(*store.Tx, *function) error) (f function, err error) {
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if f, err = s.latest(tx, n); err != nil {
			return err
		}
		if err = change(tx, &f); err != nil {
			return err
		}
		s.functions.Put(tx, n.key(), f)
		return nil
	})
	return f, err
}
