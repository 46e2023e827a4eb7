package lambda

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/env"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// layer is what all versions of a layer share.
type layer struct {
	Last int64 // number of the last version that was published, also where it is deleted
}

// layerVersion is one version of a layer, as the store keeps it.
type layerVersion struct {
	Layer  string // its name
	Number int64
	packed
	Created       string
	Description   string
	License       *string              `json:",omitempty"`
	Architectures []types.Architecture // nil where the request had none
	Runtimes      []types.Runtime      // likewise
	Policy        []statement          `json:",omitempty"`
	Revision      string               `json:",omitempty"` // of the policy
}

// layerName is a layer, or a version of it, as a request names it.
type layerName struct {
	env.Scope
	layer  string
	number int64 // 0 where none is given
}

// parseLayer reads a layer's name: alone, or in an ARN with or without a version.
func parseLayer(ctx context.Context, text *string) (layerName, error) {
	n := layerName{Scope: env.ScopeOf(ctx), layer: aws.ToString(text)}
	parts := strings.Split(n.layer, ":")
	if parts[0] != "arn" {
		return n, nil
	}
	if len(parts) < 7 || parts[5] != "layer" {
		return n, invalid("Invalid Layer name: %s", n.layer)
	}
	n.Region, n.Account, n.layer = parts[3], parts[4], parts[6]
	if len(parts) > 7 {
		var err error
		if n.number, err = strconv.ParseInt(parts[7], 10, 64); err != nil {
			return n, invalid("Invalid Layer name: %s", aws.ToString(text))
		}
	}
	return n, nil
}

func (n layerName) arn() string { return n.ARN("lambda", "layer:"+n.layer) }

// versioned is the ARN of the version.
func (n layerName) versioned() string { return n.arn() + ":" + strconv.FormatInt(n.number, 10) }

// key is where a version is kept; versions are in order.
func (n layerName) key() string { return n.Key(n.layer, fmt.Sprintf("%012d", n.number)) }

// ownLayer reads the name of a layer of the scope: what another account or region
// has cannot be reached from here.
func ownLayer(ctx context.Context, name *string) (layerName, error) {
	n, err := parseLayer(ctx, name)
	if scope := env.ScopeOf(ctx); err == nil && n.Scope != scope {
		err = denied("User: %s is not authorized to use the layer %s, which is not of the account %s in %s", env.CallerOf(ctx).ARN, n.arn(), scope.Account, scope.Region)
	}
	return n, err
}

// ofVersion reads the name of a layer and the number of one of its versions.
func ofVersion(ctx context.Context, name *string, number *int64) (layerName, error) {
	n, err := ownLayer(ctx, name)
	if err != nil {
		return n, err
	}
	if n.number = aws.ToInt64(number); n.number < 1 {
		return n, invalid("Layer Version Cannot be less than 1")
	}
	return n, nil
}

// known are the runtimes that layers can be listed for, as AWS prints them.
const known = "ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, dotnetcore2.0, python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, provided, dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, java8, nodejs12.x, python3.11, nodejs24.x, nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, nodejs18.x, ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7"

// validation is AWS's answer to an input with violations.
func validation(violations ...string) error {
	text := "1 validation error detected: "
	if n := len(violations); n > 1 {
		text = strconv.Itoa(n) + " validation errors detected: "
	}
	return &smithy.GenericAPIError{Code: "ValidationException", Message: text + strings.Join(violations, "; "), Fault: smithy.FaultClient}
}

// outside reports whether one of the values is not in a printed list.
func outside[T ~string](values []T, printed string) bool {
	return slices.ContainsFunc(values, func(v T) bool { return !slices.Contains(strings.Split(printed, ", "), string(v)) })
}

// checkCompatible checks what a layer is said to be for.
func checkCompatible(runtimes []types.Runtime, architectures []types.Architecture) error {
	var violations []string
	violate := func(value, member, text string) {
		violations = append(violations, "Value '"+strings.ReplaceAll(value, " ", ", ")+"' at '"+member+"' failed to satisfy constraint: "+text)
	}
	if outside(runtimes, supported) {
		violate(fmt.Sprint(runtimes), "compatibleRuntimes", "Member must satisfy enum value set: ["+supported+"]")
	}
	if outside(architectures, "x86_64, arm64") {
		violate(fmt.Sprint(architectures), "compatibleArchitectures", "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]")
	}
	if violations == nil {
		return nil
	}
	return validation(violations...)
}

// checkListed checks the runtime that layers are listed for.
func checkListed(r types.Runtime) error {
	if r == "" || !outside([]types.Runtime{r}, known) {
		return nil
	}
	return validation("Value '" + string(r) + "' at 'compatibleRuntime' failed to satisfy constraint: Member must satisfy enum value set: [" + known + "]")
}

// PublishLayerVersion makes a version of a layer from a package.
func (s *Service) PublishLayerVersion(ctx context.Context, in *lambda.PublishLayerVersionInput) (*lambda.PublishLayerVersionOutput, error) {
	if err := checkCompatible(in.CompatibleRuntimes, in.CompatibleArchitectures); err != nil {
		return nil, err
	}
	n, err := ownLayer(ctx, in.LayerName)
	if err != nil {
		return nil, err
	}
	c := in.Content
	content, err := s.read(ctx, "PublishLayerVersion", origin{c.ZipFile, c.S3Bucket, c.S3Key, c.S3ObjectVersion, c.S3ObjectStorageMode})
	if err != nil {
		return nil, err
	}
	p, err := s.code.put(content)
	if err != nil {
		return nil, err
	}
	v := layerVersion{
		Layer: n.layer, packed: p, Created: stamp(s.env.Clock.Now()),
		Description: aws.ToString(in.Description), License: in.LicenseInfo,
		Architectures: in.CompatibleArchitectures, Runtimes: in.CompatibleRuntimes,
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		l, _ := s.layers.Get(tx, n.Key(n.layer))
		l.Last++
		v.Number, n.number = l.Last, l.Last
		s.layers.Put(tx, n.Key(n.layer), l)
		s.layerVersions.Put(tx, n.key(), v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return layerAs[lambda.PublishLayerVersionOutput](s, n, &v)
}

// layerAs returns a version as the output of an operation.
func layerAs[Out any](s *Service, n layerName, v *layerVersion) (*Out, error) {
	location, err := s.location(digestOf(v.Sha256))
	if err != nil {
		return nil, err
	}
	return as[Out](&lambda.GetLayerVersionOutput{
		CompatibleArchitectures: v.Architectures, CompatibleRuntimes: v.Runtimes,
		Content:     &types.LayerVersionContentOutput{CodeSha256: aws.String(v.Sha256), CodeSize: v.Size, Location: aws.String(location)},
		CreatedDate: aws.String(v.Created), Description: aws.String(v.Description), LayerArn: aws.String(n.arn()),
		LayerVersionArn: aws.String(n.versioned()), LicenseInfo: v.License, Version: v.Number,
	}), nil
}

// item returns a version as lists show it.
func (v *layerVersion) item(n layerName) types.LayerVersionsListItem {
	n.number = v.Number
	return types.LayerVersionsListItem{
		CompatibleArchitectures: v.Architectures, CompatibleRuntimes: v.Runtimes, CreatedDate: aws.String(v.Created),
		Description: aws.String(v.Description), LayerVersionArn: aws.String(n.versioned()), LicenseInfo: v.License, Version: v.Number,
	}
}

// layerVersion reads a version of a layer.
func (s *Service) layerVersion(n layerName) (v layerVersion, err error) {
	err = s.env.Store.View(func(tx *store.Tx) error {
		var ok bool
		if v, ok = s.layerVersions.Get(tx, n.key()); !ok {
			return errNoResource
		}
		return nil
	})
	return v, err
}

// GetLayerVersion returns a version of a layer with an address of its package.
func (s *Service) GetLayerVersion(ctx context.Context, in *lambda.GetLayerVersionInput) (*lambda.GetLayerVersionOutput, error) {
	n, err := ofVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	v, err := s.layerVersion(n)
	if err != nil {
		return nil, err
	}
	return layerAs[lambda.GetLayerVersionOutput](s, n, &v)
}

// GetLayerVersionByArn is GetLayerVersion for an ARN.
func (s *Service) GetLayerVersionByArn(ctx context.Context, in *lambda.GetLayerVersionByArnInput) (*lambda.GetLayerVersionByArnOutput, error) {
	n, err := parseLayer(ctx, in.Arn)
	if err != nil {
		return nil, err
	}
	v, err := s.layerVersion(n)
	if err != nil {
		return nil, err
	}
	return layerAs[lambda.GetLayerVersionByArnOutput](s, n, &v)
}

// matches reports whether the version says that it is for that architecture and
// runtime; an empty one is any.
func (v *layerVersion) matches(a types.Architecture, r types.Runtime) bool {
	return (a == "" || slices.Contains(v.Architectures, a)) && (r == "" || slices.Contains(v.Runtimes, r))
}

// ListLayers returns the newest matching version of each layer, at most MaxItems
// (50) at once.
func (s *Service) ListLayers(ctx context.Context, in *lambda.ListLayersInput) (*lambda.ListLayersOutput, error) {
	if err := checkListed(in.CompatibleRuntime); err != nil {
		return nil, err
	}
	scope := env.ScopeOf(ctx)
	out := &lambda.ListLayersOutput{}
	err := s.env.Store.View(func(tx *store.Tx) (err error) {
		var all []types.LayersListItem
		for _, v := range s.layerVersions.Prefix(tx, scope.Key("")) {
			if !v.matches(in.CompatibleArchitecture, in.CompatibleRuntime) {
				continue
			}
			n := layerName{Scope: scope, layer: v.Layer}
			newest := v.item(n)
			item := types.LayersListItem{LayerArn: aws.String(n.arn()), LayerName: aws.String(v.Layer), LatestMatchingVersion: &newest}
			if last := len(all) - 1; last >= 0 && *all[last].LayerName == v.Layer {
				all[last] = item // versions come in order
			} else {
				all = append(all, item)
			}
		}
		out.Layers, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// ListLayerVersions returns the matching versions of a layer, the newest first, at
// most MaxItems (50) at once.
func (s *Service) ListLayerVersions(ctx context.Context, in *lambda.ListLayerVersionsInput) (*lambda.ListLayerVersionsOutput, error) {
	if err := checkListed(in.CompatibleRuntime); err != nil {
		return nil, err
	}
	n, err := parseLayer(ctx, in.LayerName)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListLayerVersionsOutput{}
	err = s.env.Store.View(func(tx *store.Tx) (err error) {
		var all []types.LayerVersionsListItem
		for _, v := range s.layerVersions.Prefix(tx, n.Key(n.layer, "")) {
			if v.matches(in.CompatibleArchitecture, in.CompatibleRuntime) {
				all = append(all, v.item(n))
			}
		}
		slices.Reverse(all)
		out.LayerVersions, out.NextMarker, err = page(all, in.MaxItems, in.Marker, 50)
		return err
	})
	return out, err
}

// DeleteLayerVersion removes a version; one that is not there is no error. Functions
// that have it keep it.
func (s *Service) DeleteLayerVersion(ctx context.Context, in *lambda.DeleteLayerVersionInput) (*lambda.DeleteLayerVersionOutput, error) {
	n, err := ofVersion(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	err = s.env.Store.Update(func(tx *store.Tx) error {
		s.layerVersions.Delete(tx, n.key())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteLayerVersionOutput{}, nil
}

// use gives a version of a function the layers of those ARNs.
func (s *Service) use(ctx context.Context, v *version, arns []string) error {
	scope := env.ScopeOf(ctx)
	v.Configuration.Layers, v.Layers = nil, nil
	return s.env.Store.View(func(tx *store.Tx) error {
		for i, arn := range arns {
			n, err := parseLayer(ctx, &arn)
			if err != nil {
				return err
			}
			if n.Region != scope.Region {
				return invalid("Layers are not in the same region as the function. Layers are expected to be in region %s.", scope.Region)
			}
			l, ok := s.layerVersions.Get(tx, n.key())
			if !ok && n.Account != scope.Account {
				return invalid("Layer version %s is another account's, which the emulator cannot read; publish its content as a layer of this account", arn)
			}
			if !ok {
				return invalid("Layer version %s does not exist.", arn)
			}
			for _, before := range arns[:i] {
				if other, _ := parseLayer(ctx, &before); other.arn() == n.arn() {
					return invalid("Two different versions of the same layer are not allowed to be referenced in the same function. %s and %s are versions of the same layer.", before, arn)
				}
			}
			v.Configuration.Layers = append(v.Configuration.Layers, types.Layer{Arn: aws.String(arn), CodeSize: l.Size})
			v.Layers = append(v.Layers, l.packed)
		}
		if len(arns) > 5 {
			return invalid("Cannot reference more than 5 layers.")
		}
		return nil
	})
}
