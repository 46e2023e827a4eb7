package acctest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"

	"github.com/tfserverless/terraform-provider-serverless/internal/artifact"
	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// A pretender is an emulator that takes what the emulator itself refuses of
// functions, because it could not carry it out: it keeps the facts as AWS does,
// with AWS's refusals of changes, and passes on the rest. It knows images of
// containers, durable executions, tenants, file systems and instances of the
// user's, and the scaling of provisioned concurrency.
type pretender struct {
	provider.Emulator
	// denied says that the configuration of functions that are isolated may not be
	// read, so that nobody learns whether they are ready.
	denied bool
	// failed is why published versions cannot be started; "" if they can.
	failed string

	mu      sync.Mutex
	facts   map[string]object // what is pretended of each function, by region and name
	scaling map[string]object // targets and policies by their ids
	images  map[string]string // digests by repository and tag
	classes map[string]any    // of log groups
}

type object = map[string]any

// kept are the members of a function's configuration that are pretended; those
// with false cannot be added to a function that is there, nor removed.
var kept = map[string]bool{
	"CapacityProviderConfig": false, "DurableConfig": false, "FileSystemConfigs": true, "ImageConfig": true, "PackageType": false, "TenancyConfig": false,
}

func pretend(e provider.Emulator) *pretender {
	return &pretender{Emulator: e, facts: map[string]object{}, scaling: map[string]object{}, images: map[string]string{}, classes: map[string]any{}}
}

// isolated reports whether a function has environments of its own for tenants.
func (p *pretender) isolated() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(slices.Collect(maps.Values(p.facts)), func(o object) bool { return o["TenancyConfig"] != nil })
}

// Settle ends what the emulator itself shows of the past.
func (p *pretender) Settle() { settle(p.Emulator) }

// Do answers what is pretended, and passes on the rest.
func (p *pretender) Do(r *http.Request) (*http.Response, error) {
	operation := middleware.GetOperationName(r.Context())
	body, err := taken(r)
	if err != nil {
		return nil, err
	}
	in := object{}
	if json.Unmarshal(body, &in) != nil {
		return p.Emulator.Do(r) // of another protocol
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch operation {
	case "DescribeImages":
		return p.image(r, in)
	case "CreateLogGroup", "DeleteLogGroup", "DescribeLogGroups":
		return p.group(r, operation, in)
	case "RegisterScalableTarget", "PutScalingPolicy", "DeregisterScalableTarget":
		if in["ServiceNamespace"] == "lambda" {
			return p.scale(r, operation, in)
		}
	}
	scope, name := strings.SplitN(r.Header.Get("Authorization")+"///", "/", 4)[2], ""
	if _, after, ok := strings.Cut(r.URL.Path, "/functions/"); ok {
		name, _, _ = strings.Cut(after, "/")
		name, _ = url.PathUnescape(name)
		name = name[strings.LastIndex(name, ":")+1:]
	}
	if operation == "CreateFunction" {
		name, _ = in["FunctionName"].(string)
	}
	key := scope + "/" + name
	switch operation {
	case "CreateFunction":
		return p.create(r, key, in)
	case "UpdateFunctionConfiguration":
		return p.configure(r, key, in)
	case "UpdateFunctionCode":
		return p.deploy(r, key, in)
	case "DeleteFunction":
		resp, err := p.Emulator.Do(r)
		if err == nil && resp.StatusCode < http.StatusMultipleChoices && !r.URL.Query().Has("Qualifier") {
			delete(p.facts, key)
		}
		return resp, err
	case "PutFunctionScalingConfig":
		if f := p.facts[key]; f != nil {
			f["scaling "+r.URL.Query().Get("Qualifier")] = in
		}
		return answered(r, object{"FunctionState": "Active"}), nil
	case "GetFunctionScalingConfig":
		config, _ := p.facts[key]["scaling "+r.URL.Query().Get("Qualifier")].(object)
		return answered(r, object{"RequestedFunctionScalingConfig": config["FunctionScalingConfig"]}), nil
	case "PublishVersion":
		delete(in, "PublishTo")
		return p.told(r, key, in)
	case "GetFunctionConfiguration":
		if q := r.URL.Query().Get("Qualifier"); p.failed != "" && q != "" && q[0] != '$' {
			return answered(r, object{"FunctionName": name, "Version": q, "State": "Failed", "StateReason": p.failed, "StateReasonCode": "FunctionError"}), nil
		}
		return p.told(r, key, nil)
	case "GetFunction", "ListVersionsByFunction":
		return p.told(r, key, nil)
	}
	return p.Emulator.Do(r)
}

// taken reads a request's body and leaves it where it was.
func taken(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return []byte("{}"), nil
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) == 0 {
		body = []byte("{}")
	}
	return body, err
}

// create keeps what is pretended of a new function.
func (p *pretender) create(r *http.Request, key string, in object) (*http.Response, error) {
	facts := object{}
	for member := range kept {
		if v, ok := in[member]; ok {
			facts[member] = v
			delete(in, member)
		}
	}
	if code, _ := in["Code"].(object); code["ImageUri"] != nil {
		facts["image"] = code["ImageUri"]
		in["Code"], in["Runtime"], in["Handler"] = object{"ZipFile": stand(code["ImageUri"])}, "nodejs22.x", "index.handler"
	} else if facts["PackageType"] == "Zip" {
		delete(facts, "PackageType")
	}
	before := p.facts[key]
	p.facts[key] = facts
	resp, err := p.told(r, key, in)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		if p.facts[key] = before; before == nil {
			delete(p.facts, key)
		}
	}
	return resp, err
}

// configure keeps what is pretended of a changed function, and refuses what AWS
// refuses.
func (p *pretender) configure(r *http.Request, key string, in object) (*http.Response, error) {
	facts := maps.Clone(p.facts[key])
	if facts == nil {
		facts = object{}
	}
	for member, free := range kept {
		v, ok := in[member]
		switch {
		case !ok:
		case !free && facts[member] == nil:
			return refused(r, "InvalidParameterValueException", member+" cannot be added to a function."), nil
		case member == "ImageConfig" && facts["image"] == nil:
			return refused(r, "InvalidParameterValueException", "ImageConfig is not supported for functions created with container images."), nil
		default:
			facts[member] = v
		}
		delete(in, member)
	}
	resp, err := p.told(r, key, in)
	if err == nil && resp.StatusCode < http.StatusMultipleChoices {
		p.facts[key] = facts
	}
	return resp, err
}

// deploy keeps which image a function is of.
func (p *pretender) deploy(r *http.Request, key string, in object) (*http.Response, error) {
	image := p.facts[key]["image"]
	if (in["ImageUri"] != nil) != (image != nil) {
		return refused(r, "InvalidParameterValueException", "Updating a function's package type is not supported."), nil
	}
	if image != nil {
		p.facts[key]["image"] = in["ImageUri"]
		in["ZipFile"] = stand(in["ImageUri"])
		delete(in, "ImageUri")
	}
	return p.told(r, key, in)
}

// stand is a package that stands for an image.
func stand(image any) string {
	var zip bytes.Buffer
	_, _ = artifact.Write(&zip, artifact.Source{Inline: map[string]string{"index.mjs": fmt.Sprintf("export const handler = async () => '%s'", image)}})
	return base64.StdEncoding.EncodeToString(zip.Bytes())
}

// told passes a call on, with another body if in is not nil, and tells in the
// answer what is pretended.
func (p *pretender) told(r *http.Request, key string, in object) (*http.Response, error) {
	operation, facts := middleware.GetOperationName(r.Context()), p.facts[key]
	if p.denied && facts["TenancyConfig"] != nil && operation == "GetFunctionConfiguration" {
		return answer(r, nil, http.StatusForbidden, "AccessDeniedException", "not allowed"), nil
	}
	r = r.Clone(context.WithoutCancel(r.Context())) // its facts and the emulator's are one
	if q := r.URL.Query(); q.Get("Qualifier") == "$LATEST.PUBLISHED" {
		q.Del("Qualifier")
		r.URL.RawQuery = q.Encode()
	}
	region, _, _ := strings.Cut(key, "/")
	resp, err := p.send(r, in, "lambda", region)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices || len(facts) == 0 {
		return resp, err
	}
	out, err := read(resp)
	if err != nil {
		return nil, err
	}
	if config, ok := out["Configuration"].(object); ok {
		p.tell(facts, config)
		if image, ok := facts["image"].(string); ok {
			out["Code"] = object{"RepositoryType": "ECR", "ImageUri": image, "ResolvedImageUri": p.resolved(image)}
		}
	} else {
		p.tell(facts, out)
	}
	return answered(r, out), nil
}

// send passes a call on, with another body if in is not nil.
func (p *pretender) send(r *http.Request, in object, service, region string) (*http.Response, error) {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return nil, err
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	id, secret := p.Credentials()
	sum := sha256.Sum256(body)
	r.Header.Del("Authorization")
	if err := v4.NewSigner().SignHTTP(r.Context(), aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, r, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
		return nil, err
	}
	return p.Emulator.Do(r)
}

func read(resp *http.Response) (object, error) {
	out := object{}
	err := json.NewDecoder(resp.Body).Decode(&out)
	return out, errors.Join(err, resp.Body.Close())
}

// group keeps which class a log group has.
func (p *pretender) group(r *http.Request, operation string, in object) (*http.Response, error) {
	name, class := fmt.Sprint(in["logGroupName"]), in["logGroupClass"]
	delete(in, "logGroupClass")
	region := strings.SplitN(r.Header.Get("Authorization")+"///", "/", 4)[2]
	resp, err := p.send(r, in, "logs", region)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		return resp, err
	}
	switch operation {
	case "CreateLogGroup":
		p.classes[name] = class
	case "DeleteLogGroup":
		delete(p.classes, name)
	default:
		out, err := read(resp)
		if err != nil {
			return nil, err
		}
		groups, _ := out["logGroups"].([]any)
		for _, g := range groups {
			g, _ := g.(object)
			if class := p.classes[fmt.Sprint(g["logGroupName"])]; class != nil {
				g["logGroupClass"] = class
				if class == "DELIVERY" {
					g["retentionInDays"] = 2
				}
			}
		}
		return answered(r, out), nil
	}
	return resp, err
}

// tell puts what is pretended into a configuration.
func (p *pretender) tell(facts, config object) {
	for member := range kept {
		if v, ok := facts[member]; ok && member != "ImageConfig" {
			config[member] = v
		}
	}
	image, ok := facts["image"].(string)
	if !ok {
		return
	}
	delete(config, "Runtime")
	delete(config, "Handler")
	_, digest, _ := strings.Cut(p.resolved(image), "@sha256:")
	config["PackageType"], config["CodeSha256"] = "Image", digest
	if c, ok := facts["ImageConfig"]; ok {
		config["ImageConfigResponse"] = object{"ImageConfig": c}
	}
}

// resolved is an image by its digest.
func (p *pretender) resolved(image string) string {
	if strings.Contains(image, "@") {
		return image
	}
	i := strings.LastIndex(image, ":")
	return image[:i] + "@" + p.images[image[strings.Index(image, "/")+1:]]
}

// image answers as ECR which image has a tag.
func (p *pretender) image(r *http.Request, in object) (*http.Response, error) {
	ids, _ := in["imageIds"].([]any)
	one, _ := ids[0].(object)
	digest := p.images[fmt.Sprint(in["repositoryName"], ":", one["imageTag"])]
	if digest == "" {
		return refused(r, "ImageNotFoundException", fmt.Sprintf("The image with imageId {imageDigest:'null', imageTag:'%s'} does not exist within the repository with name '%s'", one["imageTag"], in["repositoryName"])), nil
	}
	return answered(r, object{"imageDetails": []object{{"imageDigest": digest, "imageTags": []any{one["imageTag"]}, "repositoryName": in["repositoryName"]}}}), nil
}

// scale keeps targets and policies.
func (p *pretender) scale(r *http.Request, operation string, in object) (*http.Response, error) {
	id := fmt.Sprint(in["ResourceId"])
	switch {
	case operation == "RegisterScalableTarget":
		p.scaling[id] = in
	case p.scaling[id] == nil:
		return refused(r, "ObjectNotFoundException", "No scalable target registered for service namespace: lambda, resource ID: "+id), nil
	case operation == "DeregisterScalableTarget":
		delete(p.scaling, id)
	default:
		p.scaling[id]["policy"] = in
	}
	return answered(r, object{}), nil
}

func answered(r *http.Request, out object) *http.Response {
	text, _ := json.Marshal(out) // of what was JSON
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)),
	}
}

func refused(r *http.Request, code, message string) *http.Response {
	return answer(r, nil, http.StatusBadRequest, code, message)
}

// push puts an image under a tag of a repository.
func (p *pretender) push(t *testing.T, repositoryTag, content string) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	sum := sha256.Sum256([]byte(content))
	p.images[repositoryTag] = "sha256:" + hex.EncodeToString(sum[:])
	return p.images[repositoryTag]
}
