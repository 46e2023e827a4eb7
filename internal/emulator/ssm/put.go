package ssm

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// AWS's limits.
const (
	maxVersions   = 100
	maxLevels     = 15
	maxName       = 1011 // with the ARN before it
	standardBytes = 4096
	advancedBytes = 8192
)

// defaultKey is what a SecureString is encrypted with where nobody says.
const defaultKey = "alias/aws/ssm"

// PutParameter makes a parameter, or a new version of one.
func (s *Service) PutParameter(ctx context.Context, in *ssm.PutParameterInput) (*ssm.PutParameterOutput, error) {
	name := value(in.Name)
	if err := checkName(name); err != nil {
		return nil, err
	}
	if err := checkInput(in); err != nil {
		return nil, err
	}
	var out *ssm.PutParameterOutput
	err := s.env.Store.Update(func(tx *store.Tx) error {
		p, exists := s.find(ctx, tx, name)
		var old version
		switch overwrite := value(in.Overwrite); {
		case exists && !overwrite:
			return &types.ParameterAlreadyExists{Message: ptr("The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")}
		case exists && in.Type != "" && in.Type != p.Type:
			return &types.HierarchyTypeMismatchException{Message: ptr("Parameter Store does not support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.")}
		case exists:
			old = *p.latest()
		case in.Type == "":
			return invalid("A parameter type is required when you create a parameter.")
		default:
			tags, err := tagged(nil, in.Tags)
			if err != nil {
				return err
			}
			p = parameter{Name: name, Type: in.Type, Tags: tags}
		}
		v, err := s.next(ctx, in, p.Type, old)
		if err != nil {
			return err
		}
		p.Versions = append(slices.Clone(p.Versions), v)
		if len(p.Versions) > maxVersions {
			if oldest := p.Versions[0]; len(oldest.Labels) > 0 {
				return &types.ParameterMaxVersionLimitExceeded{Message: ptr(fmt.Sprintf("You attempted to create a new version of %s by calling the PutParameter API with the overwrite flag. Version %d, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.", name, oldest.Number))}
			}
			p.Versions = p.Versions[1:]
		}
		s.parameters.Put(tx, env.ScopeOf(ctx).Key(name), p)
		out = &ssm.PutParameterOutput{Version: v.Number, Tier: v.Tier}
		return nil
	})
	return out, err
}

// next is the version that a request makes of the old one, which is empty for the first.
// What the request does not say stays as it was.
func (s *Service) next(ctx context.Context, in *ssm.PutParameterInput, kind types.ParameterType, old version) (version, error) {
	v := version{
		Number: old.Number + 1, Value: value(in.Value), Description: old.Description, Pattern: old.Pattern, Key: old.Key,
		DataType: old.DataType, Policies: old.Policies, Modified: s.env.Clock.Now(), User: env.CallerOf(ctx).ARN,
	}
	for _, m := range []struct {
		given *string
		into  *string
	}{{in.Description, &v.Description}, {in.AllowedPattern, &v.Pattern}, {in.DataType, &v.DataType}, {in.KeyId, &v.Key}} {
		if m.given != nil {
			*m.into = *m.given
		}
	}
	if v.DataType == "" {
		v.DataType = "text"
	}
	switch {
	case kind == types.ParameterTypeSecureString:
		if v.Key == "" {
			v.Key = defaultKey
		}
		v.Sealed = sealed(v.Value)
	case v.Key != "":
		return v, invalid("KeyId is required for SecureString type parameter only.")
	}
	if in.Policies != nil {
		var err error
		if v.Policies, err = rules(*in.Policies); err != nil {
			return v, err
		}
	}
	var err error
	if v.Tier, err = tier(in.Tier, old.Tier, len(v.Value), len(v.Policies)); err != nil {
		return v, err
	}
	return v, fits(v.Pattern, v.Value)
}

// tier is the tier of a version by what is asked for and what the last one has.
func tier(asked, old types.ParameterTier, size, policies int) (types.ParameterTier, error) {
	switch asked {
	case "":
		asked = types.ParameterTierStandard
		if old != "" {
			asked = old
		}
	case types.ParameterTierIntelligentTiering:
		asked = types.ParameterTierStandard
		if old == types.ParameterTierAdvanced || size > standardBytes || policies > 0 {
			asked = types.ParameterTierAdvanced
		}
	}
	switch standard := asked == types.ParameterTierStandard; {
	case standard && old == types.ParameterTierAdvanced:
		return "", invalid("This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter.")
	case standard && size > standardBytes:
		return "", invalid("Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html")
	case size > advancedBytes:
		return "", invalid("Advanced tier parameters support a maximum parameter value of 8192 characters.")
	case standard && policies > 0:
		return "", invalid("Parameter policies are only supported for advanced parameters.")
	}
	return asked, nil
}

// sealed is a text in the place of a value that is not decrypted. There is no KMS here
// that could open it, so that it is drawn and tells nothing but the length.
func sealed(value string) string {
	b := make([]byte, 120+len(value))
	_, _ = rand.Read(b)               // which never fails
	copy(b, []byte{1, 2, 2, 0, 0x78}) // as every text of KMS begins: AQICAH
	return base64.StdEncoding.EncodeToString(b)
}

// checkInput refuses what no parameter can be.
func checkInput(in *ssm.PutParameterInput) error {
	switch text := value(in.Value); {
	case text == "":
		return invalid("1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.")
	case !utf8.ValidString(text):
		return invalid("The parameter value is not UTF-8.")
	case value(in.Overwrite) && len(in.Tags) > 0:
		return invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.")
	}
	switch t := value(in.DataType); t {
	case "", "text":
		return nil
	case "aws:ec2:image", "aws:ssm:integration":
		return invalid("The data type %s is not emulated; text is", t)
	default:
		return invalid("The following data type is not supported: %s (Data type names are all lowercase.)", t)
	}
}

// fits refuses a value that the allowed pattern does not match somewhere. The value
// is not shown.
func fits(pattern, value string) error {
	if pattern == "" {
		return nil
	}
	want, err := regexp.Compile(pattern)
	if err != nil {
		return &types.InvalidAllowedPatternException{Message: ptr("The allowed pattern is not a regular expression that is emulated, which has no lookarounds and no references: " + err.Error())}
	}
	if !want.MatchString(value) {
		return &types.ParameterPatternMismatchException{Message: ptr("Parameter value, cannot be validated against allowedPattern: " + pattern)}
	}
	return nil
}

var nameText = regexp.MustCompile(`^[a-zA-Z0-9_.\-/]+$`)

// The sentences by which AWS refuses names.
const (
	namePath  = "If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"
	badName   = `Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive). ` + namePath
	badPrefix = `Parameter name: can't be prefixed with "ssm" (case-insensitive). ` + namePath
)

// checkName refuses what cannot be the name of a parameter.
func checkName(name string) error {
	plain := strings.ToLower(strings.TrimPrefix(name, "/"))
	path := strings.Contains(plain, "/")
	switch {
	case !nameText.MatchString(name), strings.Contains(name, "//"), strings.HasSuffix(name, "/"), plain == "":
		return invalid(badName)
	case path && name[0] != '/':
		return invalid("Parameter name must be a fully qualified name.")
	case strings.HasPrefix(plain, "aws") && path:
		return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "No access to reserved parameter name: " + name + ".", Fault: smithy.FaultClient}
	case (strings.HasPrefix(plain, "aws") || strings.HasPrefix(plain, "ssm")) && !path:
		return invalid(`Parameter name: can't be prefixed with "aws" or "ssm" (case-insensitive).`)
	case strings.HasPrefix(plain, "ssm"):
		return invalid(badPrefix)
	case len(name) > maxName:
		return invalid("The parameter name exceeds the maximum length of %d characters, with the ARN before it.", maxName)
	case strings.Count(name, "/") > maxLevels:
		return &types.HierarchyLevelLimitExceededException{Message: ptr(fmt.Sprintf("A hierarchy can have a maximum of %d levels. For more information, see Requirements and constraints for parameter names in the AWS Systems Manager User Guide.", maxLevels))}
	}
	return nil
}
