package function

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	tftypes "github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/artifact"
	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// A picture is a container image in ECR, "<account>.dkr.ecr.…/<repository>" with a
// tag or a digest behind it.
type picture struct{ host, repository, tag, digest string }

func pictureOf(uri string) picture {
	var p picture
	uri, p.digest, _ = strings.Cut(uri, "@")
	p.host, uri, _ = strings.Cut(uri, "/")
	p.repository, p.tag, _ = strings.Cut(uri, ":")
	return p
}

// uri names the image by its digest.
func (p picture) uri() string { return p.host + "/" + p.repository + "@" + p.digest }

// seen is what is remembered of an image that was found by what is written.
func (p picture) seen(written string) string { return "image:" + written + "=" + p.uri() }

// resolve finds which image has the tag now; one with a digest is that one.
func (p picture) resolve(ctx context.Context, c *Clients) (picture, error) {
	if p.digest != "" {
		return p, nil
	}
	account, _, _ := strings.Cut(p.host, ".")
	out, err := c.Images.DescribeImages(ctx, &ecr.DescribeImagesInput{
		RegistryId: &account, RepositoryName: &p.repository, ImageIds: []types.ImageIdentifier{{ImageTag: &p.tag}},
	})
	switch {
	case tf.Is[*types.ImageNotFoundException](err), tf.Is[*types.RepositoryNotFoundException](err), err == nil && len(out.ImageDetails) == 0:
		return p, &tf.Problem{
			Summary: "There is no image " + p.repository + ":" + p.tag,
			Detail:  fmt.Sprintf("The registry of the account %s has no such image in the function's region. Push it first, or correct source.image.", account),
		}
	case err != nil:
		return p, err
	}
	p.digest = aws.ToString(out.ImageDetails[0].ImageDigest)
	return p, nil
}

// sha256 is what AWS calls the hash of a function's code that is the image.
func (p picture) sha256() string { return strings.TrimPrefix(p.digest, "sha256:") }

// planImage returns the hash of the image that an apply would deploy. Which one has
// a tag is what the last refresh has found.
func (s *source) planImage(ctx context.Context, same func(string) bool, prior *tftypes.String) (tftypes.String, *artifact.Contents, error) {
	image := pictureOf(s.Image.ValueString())
	if image.digest == "" {
		var found string
		if _, err := tf.Recall(ctx, objectKey, &found); err != nil {
			return tftypes.StringUnknown(), nil, err
		}
		uri, ok := strings.CutPrefix(found, "image:"+s.Image.ValueString()+"=")
		if prior == nil || !ok || !same("image:"+uri) {
			return tftypes.StringUnknown(), nil, nil
		}
		return *prior, nil, nil
	}
	if same("image:" + image.uri()) {
		return *prior, nil, nil
	}
	return tftypes.StringValue(image.sha256()), nil, nil
}
