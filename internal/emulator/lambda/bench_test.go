package lambda

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/clock"
)

const nodeEcho = `exports.handler = async (e) => e`

// echoes are functions that return their event.
var echoes = []struct {
	name    string
	runtime types.Runtime
	handler string
	files   func(testing.TB) map[string]string
}{
	{"go", types.RuntimeProvidedal2023, "bootstrap", func(t testing.TB) map[string]string {
		return map[string]string{"bootstrap*": goFunction(t, goEcho)}
	}},
	{"node", node, "index.handler", func(testing.TB) map[string]string { return map[string]string{"index.js": nodeEcho} }},
	{"python", python, "main.handler", func(testing.TB) map[string]string {
		return map[string]string{"main.py": "def handler(e, c):\n  return e\n"}
	}},
}

func BenchmarkWarm(b *testing.B) {
	for _, tt := range echoes {
		b.Run(tt.name, func(b *testing.B) {
			w := newWorld(b, clock.Real)
			w.create(b, tt.runtime, tt.handler, tt.files(b), nil)
			w.call(b, `{}`)
			for b.Loop() {
				w.call(b, `{}`)
			}
		})
	}
}

// Each round changes the function, so that a new environment is started.
func BenchmarkCold(b *testing.B) {
	for _, tt := range echoes {
		b.Run(tt.name, func(b *testing.B) {
			w := newWorld(b, clock.Real)
			w.create(b, tt.runtime, tt.handler, tt.files(b), nil)
			w.call(b, `{}`)
			for b.Loop() {
				in := &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Description: aws.String("x")}
				if _, err := w.UpdateFunctionConfiguration(w.ctx, in); err != nil {
					b.Fatal(err)
				}
				w.call(b, `{}`)
				w.settle(b)
			}
		})
	}
}
