package acctest

import (
	"strings"
	"testing"

	"github.com/tfserverless/terraform-provider-serverless/provider"
)

// somePicture is an image that is named by its digest.
func somePicture(word string) string {
	return `{ image = "123456789012.dkr.ecr.eu-north-1.amazonaws.com/shop@sha256:` + strings.Repeat(word, 64/len(word)) + `" }`
}

func pretended(e provider.Emulator) provider.Emulator { return pretend(e) }

// proveEdits proves a subject whole if that was asked for, and else only its life
// and its edits, since all other calls are those of functions that are not pretended.
func proveEdits(t *testing.T, s Subject) {
	if whole() {
		Prove(t, s)
		return
	}
	t.Run("life", func(t *testing.T) { t.Parallel(); s.life(t) })
	for _, e := range s.Edits {
		t.Run("edit "+e.name(), func(t *testing.T) { t.Parallel(); s.edited(t, e) })
	}
	for _, i := range s.Invalid {
		t.Run("invalid "+i.Argument+" "+oneLine(i.To), func(t *testing.T) { t.Parallel(); s.refused(t, i) })
	}
}

// TestPretendedFunction proves what the emulator refuses of functions, on one that
// takes it.
func TestPretendedFunction(t *testing.T) {
	changed := []string{"UpdateFunctionConfiguration"}
	anew := []string{"CreateFunction", "DeleteFunction", "DeleteFunction", "CreateFunction"} // tried under another name first
	settled := []string{"last_modified"}
	vpc := `{ subnet_ids = ["subnet-a"], security_group_ids = ["sg-a"] }`
	mount := func(point string) string {
		return `[{ arn = "arn:aws:elasticfilesystem:eu-north-1:000000000000:access-point/` + point + `", mount = "/mnt/data" }]`
	}
	proveEdits(t, Subject{
		Type: "serverless_function", pretended: pretended,
		Base: Arguments{
			"name": `"hello"`, "runtime": `"nodejs22.x"`, "handler": `"index.handler"`, "source": hello("hello"),
			"durable": `{ execution_timeout = 60 }`, "vpc": vpc, "file_systems": mount("fsap-1"), "log": `{ class = "INFREQUENT_ACCESS" }`,
		},
		Import:     []string{"{function_name}"},
		Unimported: []string{"source"},
		Edits: []Edit{
			{Argument: "durable", To: `{ execution_timeout = 120, retention_days = 1 }`, With: settled, Writes: changed},
			{Argument: "durable", To: ``, With: settled, Writes: anew},
			{Argument: "tenancy", To: `"per_tenant"`, From: Arguments{"durable": ``}, With: settled, Writes: anew},
			{Argument: "file_systems", To: mount("fsap-2"), With: []string{"last_modified", "role_policy"}, Writes: []string{"PutRolePolicy", "UpdateFunctionConfiguration", "PutRolePolicy"}},
			{Argument: "file_systems", To: ``, With: []string{"last_modified", "role_policy"}, Writes: []string{"UpdateFunctionConfiguration", "PutRolePolicy"}},
			{
				Argument: "log", To: `{ class = "DELIVERY" }`, With: settled, Grows: true, // what it had is gone
				Writes: []string{"DeleteLogGroup", "CreateLogGroup"},
			},
		},
		Together: Arguments{"durable": ``, "log": `{}`},
		Invalid: []Invalid{
			{"log", `{ class = "DELIVERY", retention_days = 7 }`, []string{"Not with DELIVERY", "two days"}},
			{"log", `{ class = "COLD" }`, []string{"log.class", "DELIVERY"}},
			{"log", `{ group = "mine", class = "STANDARD" }`, []string{"Not with group", "class"}},
		},
	})
}

// TestImageFunction proves functions that are images of containers.
func TestImageFunction(t *testing.T) {
	proveEdits(t, Subject{
		Type: "serverless_function", pretended: pretended,
		Base:       Arguments{"name": `"hello"`, "source": somePicture("a"), "image": `{ command = ["serve"] }`},
		Import:     []string{"{function_name}"},
		Unimported: []string{"source"},
		Edits: []Edit{
			{Argument: "source", To: somePicture("b"), With: []string{"code_sha256", "code_size", "last_modified"}, Writes: []string{"UpdateFunctionCode"}},
			{Argument: "image", To: `{ command = ["serve", "-v"], entry_point = ["/bin/sh"], working_dir = "/srv" }`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
			{Argument: "image", To: ``, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
			{Argument: "memory", To: `1024`, With: []string{"last_modified"}, Writes: []string{"UpdateFunctionConfiguration"}},
		},
		Together: Arguments{"source": somePicture("b"), "image": ``},
		Invalid: []Invalid{
			{"runtime", `"nodejs22.x"`, []string{"runtime", "Not with an image"}},
			{"layers", `["arn:aws:lambda:eu-north-1:123456789012:layer:words:1"]`, []string{"layers", "Not with an image"}},
		},
	})
}

// TestInstancesFunction proves functions that run on instances of the user's, and
// scaled ones.
func TestInstancesFunction(t *testing.T) {
	instances := func(more string) string {
		return `{ arn = "arn:aws:lambda:eu-north-1:000000000000:capacity-provider:mine"` + more + ` }`
	}
	proveEdits(t, Subject{
		Type: "serverless_function", pretended: pretended,
		Base: Arguments{
			"name": `"hello"`, "runtime": `"nodejs22.x"`, "handler": `"index.handler"`, "source": hello("hello"),
			"capacity_provider": instances(`, min_environments = 1, max_environments = 4, memory_gib_per_vcpu = 4`),
		},
		Import:     []string{"{function_name}"},
		Unimported: []string{"source", "capacity_provider"}, // how many, if nobody asked
		Edits: []Edit{
			{
				Argument: "capacity_provider", To: instances(`, min_environments = 2, max_environments = 8, memory_gib_per_vcpu = 4`), With: []string{"last_modified"},
				Writes: []string{"PublishVersion", "PutFunctionScalingConfig"},
			},
			{
				Argument: "publish", To: `{ alias = "live", autoscale = { min = 1, max = 3 } }`, Unasked: true, From: Arguments{"capacity_provider": ``},
				With: []string{"invoke_arn", "last_modified", "target_arn", "version"}, Grows: true,
				Writes: []string{"PublishVersion", "CreateAlias", "PutProvisionedConcurrencyConfig", "RegisterScalableTarget", "PutScalingPolicy"},
			},
			{
				Argument: "publish", To: `{ alias = "live", autoscale = { min = 1, max = 5, target = 50 } }`, Local: true,
				From: Arguments{"capacity_provider": ``, "publish": `{ alias = "live", autoscale = { min = 1, max = 3 } }`},
				With: []string{"last_modified"}, Writes: []string{"RegisterScalableTarget", "PutScalingPolicy"},
			},
			{
				Argument: "publish", To: `{ alias = "live" }`, Local: true,
				From: Arguments{"capacity_provider": ``, "publish": `{ alias = "live", autoscale = { min = 1, max = 3 } }`},
				With: []string{"last_modified"}, Writes: []string{"DeregisterScalableTarget", "DeleteProvisionedConcurrencyConfig"},
			},
		},
		Together: Arguments{"capacity_provider": instances(`, min_environments = 2, max_environments = 8`), "memory": `1024`},
		Invalid: []Invalid{
			{"capacity_provider", instances(`, memory_gib_per_vcpu = 3`), []string{"memory_gib_per_vcpu", "4"}},
		},
	})
}
