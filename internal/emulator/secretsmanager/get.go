package secretsmanager

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// GetSecretValue returns a version's value: the current one, or that of a label or id.
func (s *Service) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
	x, v, err := s.read(ctx, "GetSecretValue", in.SecretId, value(in.VersionId), value(in.VersionStage))
	if err != nil {
		return nil, err
	}
	return &secretsmanager.GetSecretValueOutput{
		ARN: &x.ARN, Name: &x.Name, VersionId: &v.ID, SecretString: v.Text, SecretBinary: v.Binary, VersionStages: v.Stages, CreatedDate: &v.Created,
	}, nil
}

// read returns a version that has a value, and takes a note of the day.
func (s *Service) read(ctx context.Context, action string, secretID *string, id, stage string) (x secret, v version, err error) {
	fresh := false
	today := day(s.env.Clock.Now())
	pick := func(tx *store.Tx) error {
		if x, err = s.open(ctx, tx, action, secretID); err != nil {
			return err
		}
		if !x.Ends.IsZero() {
			return marked()
		}
		found, err := x.pick(id, stage)
		if err != nil {
			return err
		}
		fresh = found.Accessed.Equal(today) && x.Accessed.Equal(today)
		found.Accessed, x.Accessed, v = today, today, *found
		return nil
	}
	if err = s.env.Store.View(pick); err != nil || fresh {
		return x, v, err
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		if err := pick(tx); err != nil {
			return err
		}
		s.secrets.Put(tx, x.key(), x)
		return nil
	})
	return x, v, err
}

// pick is the version of an id, of a label, or the current one.
func (x *secret) pick(id, stage string) (*version, error) {
	what := "VersionId: " + id
	v := x.byID(id)
	if id == "" {
		if stage == "" {
			stage = current
		}
		what, v = "staging label: "+stage, x.staged(stage)
	}
	if v == nil || v.empty() {
		return nil, &types.ResourceNotFoundException{Message: ptr("Secrets Manager can't find the specified secret value for " + what)}
	}
	if stage != "" && !slices.Contains(v.Stages, stage) {
		return nil, invalidRequest("You provided a VersionStage that is not associated to the provided VersionId.")
	}
	return v, nil
}

// Reference returns a secret's value for those who refer to it by its name, with the id
// or a label of a version where selector is not empty: the secret's ARN, the text, when
// the version was made, and all of this as JSON. The error is AWS's where there is none.
func (s *Service) Reference(ctx context.Context, name, selector string) (arn, text string, made time.Time, raw []byte, err error) {
	id, stage := "", selector
	if uuid.Validate(selector) == nil {
		id, stage = selector, ""
	}
	x, v, err := s.read(ctx, "GetSecretValue", &name, id, stage)
	if err != nil {
		return "", "", made, nil, err
	}
	raw, err = json.Marshal(map[string]any{
		"ARN": x.ARN, "Name": x.Name, "VersionId": v.ID, "VersionStages": v.Stages, "SecretString": value(v.Text), "CreatedDate": v.Created,
	})
	return x.ARN, value(v.Text), v.Created, raw, err
}

// BatchGetSecretValue returns the current values of secrets that are listed, or that
// filters choose.
func (s *Service) BatchGetSecretValue(ctx context.Context, in *secretsmanager.BatchGetSecretValueInput) (*secretsmanager.BatchGetSecretValueOutput, error) {
	out := &secretsmanager.BatchGetSecretValueOutput{SecretValues: []types.SecretValueEntry{}, Errors: []types.APIErrorType{}}
	ids := in.SecretIdList
	switch {
	case (len(ids) > 0) == (len(in.Filters) > 0):
		return nil, invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	case len(ids) > 0 && in.MaxResults != nil:
		return nil, invalidParameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
	case len(in.Filters) > 0:
		var err error
		out.NextToken, err = s.page(ctx, in.NextToken, in.MaxResults, 20, in.Filters, false, nil, func(x *secret) { ids = append(ids, x.ARN) })
		if err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		x, v, err := s.read(ctx, "BatchGetSecretValue", &id, "", "")
		if api := smithy.APIError(nil); errors.As(err, &api) {
			if len(in.SecretIdList) > 0 { // filters pass over secrets without a value
				out.Errors = append(out.Errors, types.APIErrorType{SecretId: &id, ErrorCode: ptr(api.ErrorCode()), Message: ptr(api.ErrorMessage())})
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		out.SecretValues = append(out.SecretValues, types.SecretValueEntry{
			ARN: &x.ARN, Name: &x.Name, VersionId: &v.ID, SecretString: v.Text, SecretBinary: v.Binary, VersionStages: v.Stages, CreatedDate: &v.Created,
		})
	}
	return out, nil
}

// ListSecretVersionIDs returns the versions of a secret, the oldest first: those with
// labels, or all.
func (s *Service) ListSecretVersionIDs(ctx context.Context, in *secretsmanager.ListSecretVersionIdsInput) (*secretsmanager.ListSecretVersionIdsOutput, error) {
	out := &secretsmanager.ListSecretVersionIdsOutput{Versions: []types.SecretVersionsListEntry{}}
	limit := 100
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	err := s.view(ctx, "ListSecretVersionIds", in.SecretId, func(x *secret) error {
		out.ARN, out.Name = &x.ARN, &x.Name
		versions := x.Versions
		if in.NextToken != nil {
			i := slices.IndexFunc(versions, func(v version) bool { return v.ID == *in.NextToken })
			if i < 0 {
				return badToken()
			}
			versions = versions[i:]
		}
		for _, v := range versions {
			if len(v.Stages) == 0 && !value(in.IncludeDeprecated) {
				continue
			}
			if len(out.Versions) == limit {
				out.NextToken = &v.ID
				return nil
			}
			key := v.Key
			if key == "" {
				key = "DefaultEncryptionKey"
			}
			out.Versions = append(out.Versions, types.SecretVersionsListEntry{
				CreatedDate: &v.Created, KmsKeyIds: []string{key}, LastAccessedDate: moment(v.Accessed), VersionId: &v.ID, VersionStages: v.Stages,
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func badToken() error {
	return &types.InvalidNextTokenException{Message: ptr("The NextToken value is invalid.")}
}

// DescribeSecret returns what there is to know of a secret, without a value.
func (s *Service) DescribeSecret(ctx context.Context, in *secretsmanager.DescribeSecretInput) (*secretsmanager.DescribeSecretOutput, error) {
	var out *secretsmanager.DescribeSecretOutput
	err := s.view(ctx, "DescribeSecret", in.SecretId, func(x *secret) error {
		out = &secretsmanager.DescribeSecretOutput{
			ARN: &x.ARN, CreatedDate: &x.Created, DeletedDate: moment(x.Ends), Description: optional(x.Description), KmsKeyId: optional(x.Key),
			LastAccessedDate: moment(x.Accessed), LastChangedDate: &x.Changed, Name: &x.Name, Tags: tags(x.Tags), VersionIdsToStages: x.stages(),
		}
		if r := x.Rotation; r != nil {
			out.RotationEnabled, out.RotationLambdaARN, out.RotationRules = &r.Enabled, optional(r.Function), r.rules()
			out.LastRotatedDate, out.NextRotationDate = moment(r.Last), moment(r.Next)
		}
		return nil
	})
	return out, err
}

// words are the parts of a text that the filter "all" looks for.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" ,/\\.-_:;=+@", r) })
}
