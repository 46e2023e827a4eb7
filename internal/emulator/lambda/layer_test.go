package lambda

import (
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/store"
)

// publishLayer makes a version of a layer and returns its ARN.
func (w *world) publishLayer(t *testing.T, name string, files map[string]string) string {
	t.Helper()
	out, err := w.PublishLayerVersion(w.ctx, &lambda.PublishLayerVersionInput{
		LayerName: aws.String(name), Content: &types.LayerVersionContentInput{ZipFile: packageOf(t, files)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.LayerVersionArn
}

// A function finds its layers below /opt, the later ones on top, and keeps them when
// they are deleted.
func TestLayers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, clock.Real)
	first := w.publishLayer(t, "a", map[string]string{"python/one.py": "x = 'a'", "python/two.py": "x = 'a'"})
	second := w.publishLayer(t, "b", map[string]string{"python/two.py": "x = 'b'"})
	w.create(t, python, "index.handler", map[string]string{"index.py": "import one, two\ndef handler(e, c):\n  return one.x + two.x"},
		func(in *lambda.CreateFunctionInput) { in.Layers = []string{first, second} })
	if _, err := w.DeleteLayerVersion(w.ctx, &lambda.DeleteLayerVersionInput{LayerName: aws.String("a"), VersionNumber: aws.Int64(1)}); err != nil {
		t.Fatal(err)
	}
	if got := string(w.call(t, `1`).Payload); got != `"ab"` {
		t.Errorf("got %s", got)
	}
	_, err := w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Layers: []string{first}})
	checkError(t, err, "InvalidParameterValueException", "Layer version "+first+" does not exist.")
	out, err := w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Layers: []string{}})
	if err != nil || len(out.Layers) != 0 {
		t.Errorf("got %v, %v, want no layers", out.Layers, err)
	}
	foreign := "arn:aws:lambda:eu-north-1:017000801446:layer:Powertools:1"
	w.settle(t)
	_, err = w.UpdateFunctionConfiguration(w.ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Layers: []string{foreign}})
	checkError(t, err, "InvalidParameterValueException", "Layer version "+foreign+" is another account's, which the emulator cannot read; publish its content as a layer of this account")
	if err := w.prune(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(w.code.dir, "*", "code")); err != nil || len(left) != 2 {
		t.Errorf("left: %v, %v, want the function's package and layer b", left, err)
	}
}

// A function and its layers have one limit.
func TestLayersAreNotTooLarge(t *testing.T) {
	t.Parallel()
	w := newFakeWorld(t)
	arn := w.publishLayer(t, "a", map[string]string{"x": ""})
	for size, want := range map[int64]string{
		maxUnzipped - 1: "",
		maxUnzipped:     "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 262144001 bytes.",
	} {
		if err := w.env.Store.Update(func(tx *store.Tx) error { // a layer of that size takes long to pack
			for key, v := range w.layerVersions.From(tx, "") {
				v.Unzipped = size
				w.layerVersions.Put(tx, key, v)
				break
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		_, err := w.CreateFunction(w.ctx, &lambda.CreateFunctionInput{
			FunctionName: aws.String("f"), Role: aws.String(role), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"),
			Code: &types.FunctionCode{ZipFile: packageOf(t, map[string]string{"y": "1"})}, Layers: []string{arn},
		})
		if want != "" {
			checkError(t, err, "InvalidParameterValueException", want)
		} else if err != nil {
			t.Errorf("%d bytes: %v", size, err)
		} else if _, err := w.DeleteFunction(w.ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
			t.Fatal(err)
		}
	}
}
