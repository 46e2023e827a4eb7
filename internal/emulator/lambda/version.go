package lambda

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// PublishVersion makes a version of the function as it is now. Where nothing has
// changed since the last version, AWS returns that one, and so does this.
func (s *Service) PublishVersion(ctx context.Context, in *lambda.PublishVersionInput) (*lambda.PublishVersionOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	now := s.env.Clock.Now()
	var v version
	_, err = s.edit(n, func(tx *store.Tx, f *function) error {
		if err := f.changeable(n, now); err != nil {
			return err
		}
		if in.RevisionId != nil && *in.RevisionId != f.Revision {
			return stale("GetFunction/GetAlias")
		}
		if sum := aws.ToString(in.CodeSha256); sum != "" && sum != *f.Configuration.CodeSha256 {
			return invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.", sum, *f.Configuration.CodeSha256)
		}
		v = s.publish(tx, n, f, in.Description, time.Time{})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return as[lambda.PublishVersionOutput](v.describe(now)), nil
}

// publish makes a version of f, which settles at that time, unless the last one is
// the same.
func (s *Service) publish(tx *store.Tx, n name, f *function, description *string, settles time.Time) version {
	if last, ok := s.versions.Get(tx, n.versionKey(f.Last)); ok && last.Source == f.source() {
		return last
	}
	f.Last++
	v := f.version
	v.Number, v.Source, v.Policy = f.Last, f.source(), nil
	v.Settles, v.Created = settles, true
	if v.snapStarts() { // AWS takes a moment to make the snapshot
		v.Configuration.SnapStart = snapStart(types.SnapStartApplyOnPublishedVersions, true)
		if ready := s.env.Clock.Now().Add(settling); ready.After(settles) {
			v.Settles = ready
		}
	}
	v.Configuration.Version = aws.String(strconv.Itoa(v.Number))
	v.Configuration.FunctionArn = aws.String(n.arn() + ":" + *v.Configuration.Version)
	if aws.ToString(description) != "" {
		v.Configuration.Description = description
	}
	v.Configuration.RevisionId, v.Revision = aws.String(uuid.NewString()), uuid.NewString()
	s.versions.Put(tx, n.versionKey(v.Number), v)
	return v
}

// ListVersionsByFunction returns $LATEST and then the published versions, the first
// ones first, at most MaxItems (50) at once.
func (s *Service) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionOutput, error) {
	n, err := parse(ctx, in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListVersionsByFunctionOutput{}
	err = s.env.Store.View(func(tx *store.Tx) error {
		f, err := s.get(tx, n)
		if err != nil {
			return err
		}
		all := []types.FunctionConfiguration{f.listed()}
		all[0].FunctionArn = aws.String(n.arn() + ":" + latest)
		for _, v := range s.versions.Prefix(tx, n.Key(n.function, "")) {
			all = append(all, v.listed())
		}
		out.Versions, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// unpublish removes a version that no alias points to.
func (s *Service) unpublish(tx *store.Tx, n name) error {
	number, err := strconv.Atoi(n.qualifier)
	if err != nil {
		return invalid("Deletion of aliases is not currently supported.")
	}
	if strconv.Itoa(number) != n.qualifier {
		return nil // another way to write a number stands for no version
	}
	var names []string
	for _, a := range s.aliases.Prefix(tx, n.aliasKey("")) {
		if _, weighted := a.Weights[n.qualifier]; weighted || a.Version == n.qualifier {
			names = append(names, a.Name)
		}
	}
	if len(names) > 0 {
		return errAlias(n, n.qualifier, names)
	}
	s.versions.Delete(tx, n.versionKey(number)) // a version that is not there is no error
	s.provisions.Delete(tx, n.aliasKey(n.qualifier))
	s.backlog.forget(tx, n)
	return nil
}
