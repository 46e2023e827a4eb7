package runtime

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// sdkPackages are what AWS has in its images of these languages.
var sdkPackages = map[string][]string{
	"nodejs": {
		"@aws-sdk/client-apigatewaymanagementapi", "@aws-sdk/client-cloudwatch-logs", "@aws-sdk/client-dynamodb",
		"@aws-sdk/client-eventbridge", "@aws-sdk/client-lambda", "@aws-sdk/client-s3", "@aws-sdk/client-secrets-manager",
		"@aws-sdk/client-sfn", "@aws-sdk/client-sns", "@aws-sdk/client-sqs", "@aws-sdk/client-ssm", "@aws-sdk/client-sts",
		"@aws-sdk/lib-dynamodb", "@aws-sdk/util-dynamodb",
	},
	"python": {"boto3"},
}

// SDKDir returns the folder of the cache in which functions of that language
// ("nodejs" or "python") find the AWS SDK, which AWS has in its images.
func SDKDir(name string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache folder: %w", err)
	}
	return filepath.Join(cache, "tfserverless", "runtimes", name), nil
}

// InstallSDK fills dir with the AWS SDK for the runtime of that name: "nodejs" or
// "python", or one with a version, such as "nodejs22.x". It runs npm or pip, which
// need the network. A failed installation leaves what was there before.
func InstallSDK(ctx context.Context, name, dir string) error {
	lang := name
	if l, _, ok := languageOf(name); ok {
		lang = l.name
	}
	packages, ok := sdkPackages[lang]
	if !ok {
		return fmt.Errorf("there is no AWS SDK to install for %q; nodejs and python have one", name)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".install-")
	if err != nil {
		return fmt.Errorf("making the cache folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	if err := install(ctx, lang, packages, temp); err != nil {
		return err
	}
	if err := os.Chmod(temp, 0o755); err != nil { //nolint:gosec // functions run as another user
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("replacing the SDK: %w", err)
	}
	return os.Rename(temp, dir)
}

func install(ctx context.Context, lang string, packages []string, dir string) error {
	var c *exec.Cmd
	switch lang {
	case "nodejs":
		c = exec.CommandContext(ctx, "npm", append([]string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts"}, packages...)...)
	default:
		python, err := exec.LookPath("python3")
		if err != nil {
			return fmt.Errorf("installing %s: the program python3 is not on PATH", strings.Join(packages, ", "))
		}
		c = exec.CommandContext(ctx, python, append([]string{"-m", "pip", "install", "--quiet", "--target", dir}, packages...)...)
	}
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		return fmt.Errorf("running %s: %w\n%s", filepath.Base(c.Path), err, strings.TrimSpace(out.String()))
	}
	return nil
}
