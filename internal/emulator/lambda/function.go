package lambda

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"reflect"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// settling is how long a new or changed function stays Pending or InProgress:
// long enough to be seen by who asks at once, and nobody waits for it.
const settling = 5 * time.Millisecond

// function is one function, as the store keeps it.
type function struct {
	ID     string // of this creation: a function of the same name made later has another
	Change int    // counts changes of code or configuration

	Configuration types.FunctionConfiguration // without what follows from Settles
	Tags          map[string]string           `json:",omitempty"`
	Policy        []statement                 `json:",omitempty"`
	Reserved      *int32                      `json:",omitempty"`
	RecursiveLoop types.RecursiveLoop

	// Settles is when the last change is done; Revision is the RevisionId then.
	Settles  time.Time
	Revision string
	Created  bool // whether that change was the creation
}

// digest is the SHA-256 of the package, in hexadecimal.
func (f *function) digest() string {
	raw, _ := base64.StdEncoding.DecodeString(aws.ToString(f.Configuration.CodeSha256))
	return hex.EncodeToString(raw)
}

// changed marks a change of code or configuration that begins now.
func (f *function) changed(now time.Time) {
	f.Change++
	f.Created = f.Change == 1
	f.Settles = now.Add(settling)
	f.Revision = uuid.NewString()
	f.Configuration.RevisionId = aws.String(uuid.NewString())
	f.Configuration.LastModified = aws.String(now.UTC().Format("2006-01-02T15:04:05.000+0000"))
}

// revise gives the function another RevisionId for a change that needs no time.
func (f *function) revise() {
	f.Revision = uuid.NewString()
	f.Configuration.RevisionId = aws.String(f.Revision)
}

func (f *function) settled(now time.Time) bool { return !now.Before(f.Settles) }

// describe returns the configuration as it is at that time.
func (f *function) describe(now time.Time) *types.FunctionConfiguration {
	c := f.Configuration
	switch {
	case f.settled(now):
		c.State, c.LastUpdateStatus = types.StateActive, types.LastUpdateStatusSuccessful
		c.RevisionId = aws.String(f.Revision)
	case f.Created:
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
func (f *function) listed() types.FunctionConfiguration {
	c := f.Configuration
	c.RevisionId = aws.String(f.Revision)
	c.RuntimeVersionConfig = nil
	return c
}

// as returns the configuration as the output of an operation, which has the same
// fields in a type of its own.
func as[Out any](c *types.FunctionConfiguration) *Out {
	out := new(Out)
	from, to := reflect.ValueOf(c).Elem(), reflect.ValueOf(out).Elem()
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

// get returns the function of that name; the error says that there is none.
func (s *Service) get(tx *store.Tx, n name) (function, error) {
	f, ok := s.functions.Get(tx, n.key())
	if !ok {
		return f, n.missing()
	}
	return f, n.version()
}

// view reads the function of that name.
func (s *Service) view(n name) (f function, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		f, err = s.get(tx, n)
		return err
	})
	return f, err
}

// edit changes the function of that name by change, if it returns nil.
func (s *Service) edit(n name, change func(*function) error) (f function, err error) {
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if f, err = s.get(tx, n); err != nil {
			return err
		}
		if err = change(&f); err != nil {
			return err
		}
		s.functions.Put(tx, n.key(), f)
		return nil
	})
	return f, err
}
