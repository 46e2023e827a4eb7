package parts

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/tfserverless/terraform-provider-serverless/internal/tf"
)

// Logs is what log groups are made with.
type Logs interface {
	AssociateKmsKey(context.Context, *logs.AssociateKmsKeyInput, ...func(*logs.Options)) (*logs.AssociateKmsKeyOutput, error)
	CreateLogGroup(context.Context, *logs.CreateLogGroupInput, ...func(*logs.Options)) (*logs.CreateLogGroupOutput, error)
	DeleteLogGroup(context.Context, *logs.DeleteLogGroupInput, ...func(*logs.Options)) (*logs.DeleteLogGroupOutput, error)
	DeleteRetentionPolicy(context.Context, *logs.DeleteRetentionPolicyInput, ...func(*logs.Options)) (*logs.DeleteRetentionPolicyOutput, error)
	DescribeLogGroups(context.Context, *logs.DescribeLogGroupsInput, ...func(*logs.Options)) (*logs.DescribeLogGroupsOutput, error)
	ListTagsForResource(context.Context, *logs.ListTagsForResourceInput, ...func(*logs.Options)) (*logs.ListTagsForResourceOutput, error)
	DisassociateKmsKey(context.Context, *logs.DisassociateKmsKeyInput, ...func(*logs.Options)) (*logs.DisassociateKmsKeyOutput, error)
	PutRetentionPolicy(context.Context, *logs.PutRetentionPolicyInput, ...func(*logs.Options)) (*logs.PutRetentionPolicyOutput, error)
	TagResource(context.Context, *logs.TagResourceInput, ...func(*logs.Options)) (*logs.TagResourceOutput, error)
	UntagResource(context.Context, *logs.UntagResourceInput, ...func(*logs.Options)) (*logs.UntagResourceOutput, error)
}

// RetentionDays are the retention times that CloudWatch Logs accepts; 0 keeps
// events for ever.
var RetentionDays = []int64{
	0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
}

// A LogGroup is a log group as it should be.
type LogGroup struct {
	Name  string
	Days  int64  // one of RetentionDays
	Key   string // ARN of the key that its events are encrypted with; "" for AWS's own
	Class string // "" for whatever class it has
	Tags  map[string]string
	Gone  bool // somebody deleted it
}

// Create makes the log group, and reports whether it was not there before. One
// that is there is taken over with its events, because a late call of a function that
// was destroyed makes its group anew; unless its tags tell of another owner.
func (g LogGroup) Create(ctx context.Context, c Logs) (made bool, err error) {
	in := &logs.CreateLogGroupInput{LogGroupName: &g.Name, KmsKeyId: nonEmpty(g.Key)}
	if g.Class != string(types.LogGroupClassStandard) {
		in.LogGroupClass = types.LogGroupClass(g.Class)
	}
	if len(g.Tags) > 0 { // AWS refuses an empty map
		in.Tags = g.Tags
	}
	_, err = c.CreateLogGroup(ctx, in)
	switch {
	case tf.Is[*types.ResourceAlreadyExistsException](err):
		if err := g.free(ctx, c); err != nil {
			return false, err
		}
		if err := g.alike(ctx, c); err != nil {
			return false, err
		}
		if err := g.Tag(ctx, c, g.Tags, nil); err != nil {
			return false, err
		}
	case err != nil:
		return false, fmt.Errorf("creating the log group %s: %w", g.Name, err)
	}
	return err == nil, g.Keep(ctx, c)
}

// free refuses to take over a group with another owner's tags.
func (g LogGroup) free(ctx context.Context, c Logs) error {
	arn := tf.ScopeOf(ctx).ARN("logs", "log-group:"+g.Name)
	out, err := c.ListTagsForResource(ctx, &logs.ListTagsForResourceInput{ResourceArn: &arn})
	if err != nil {
		return fmt.Errorf("reading the tags of the log group %s: %w", g.Name, err)
	}
	foreign := tf.Foreign(ctx, out.Tags, g.Tags)
	if len(foreign) == 0 {
		return nil
	}
	return &tf.Problem{
		Summary: "The log group " + g.Name + " exists and has another owner",
		Detail: "Its tags say so, which this resource would not have given it: " + strings.Join(foreign, ", ") + ". Nothing of it was changed. " +
			"Name it as the group to write to (group in log), remove those tags to have it taken over with its events, or delete it.",
	}
}

// alike encrypts a group that is taken over as a new one would be, and refuses one of
// another class, which AWS never changes.
func (g LogGroup) alike(ctx context.Context, c Logs) error {
	found, err := FindLogGroup(ctx, c, g.Name)
	if err != nil {
		return err
	}
	if found == nil { // a list that lags
		found = &LogGroup{Class: g.Class}
	}
	if g.Class == "" || found.Class == g.Class {
		if found.Key == g.Key {
			return nil
		}
		return g.Encrypt(ctx, c)
	}
	return &tf.Problem{
		Summary: "The log group " + g.Name + " is of another class",
		Detail:  fmt.Sprintf("There is one of the class %s already, and AWS changes no group's class. Delete it with its events, or ask for the class %[1]s instead of %s.", found.Class, g.Class),
	}
}

// Keep sets how long the group keeps its events. Those of the class DELIVERY are
// kept as long as AWS will.
func (g LogGroup) Keep(ctx context.Context, c Logs) error {
	var err error
	if g.Class == string(types.LogGroupClassDelivery) {
		return nil
	}
	if g.Days == 0 {
		_, err = c.DeleteRetentionPolicy(ctx, &logs.DeleteRetentionPolicyInput{LogGroupName: &g.Name})
	} else {
		_, err = c.PutRetentionPolicy(ctx, &logs.PutRetentionPolicyInput{LogGroupName: &g.Name, RetentionInDays: aws.Int32(int32(g.Days))})
	}
	if err != nil {
		return fmt.Errorf("setting the retention of the log group %s: %w", g.Name, err)
	}
	return nil
}

// Tag sets and removes tags of the group.
func (g LogGroup) Tag(ctx context.Context, c Logs, set map[string]string, remove []string) error {
	arn := tf.ScopeOf(ctx).ARN("logs", "log-group:"+g.Name)
	if len(remove) > 0 {
		if _, err := c.UntagResource(ctx, &logs.UntagResourceInput{ResourceArn: &arn, TagKeys: remove}); err != nil {
			return fmt.Errorf("untagging the log group %s: %w", g.Name, err)
		}
	}
	if len(set) > 0 {
		if _, err := c.TagResource(ctx, &logs.TagResourceInput{ResourceArn: &arn, Tags: maps.Clone(set)}); err != nil {
			return fmt.Errorf("tagging the log group %s: %w", g.Name, err)
		}
	}
	return nil
}

// Change makes the group that prior is into this one, or makes it where there is none;
// prior is nil for that. The tags are those to set and to remove. AWS changes no
// group's class, so that a group of another one is made anew, without its events.
func (g LogGroup) Change(ctx context.Context, c Logs, prior *LogGroup, set map[string]string, remove []string) error {
	if prior == nil || prior.Gone {
		_, err := g.Create(ctx, c)
		return err
	}
	if g.Class != prior.Class && prior.Class != "" {
		if err := DeleteLogGroup(ctx, c, g.Name); err != nil {
			return err
		}
		_, err := g.Create(ctx, c)
		return err
	}
	if g.Days != prior.Days {
		if err := g.Keep(ctx, c); err != nil {
			return err
		}
	}
	if g.Key != prior.Key {
		if err := g.Encrypt(ctx, c); err != nil {
			return err
		}
	}
	return g.Tag(ctx, c, set, remove)
}

// Encrypt sets the key of the group.
func (g LogGroup) Encrypt(ctx context.Context, c Logs) error {
	var err error
	if g.Key == "" {
		_, err = c.DisassociateKmsKey(ctx, &logs.DisassociateKmsKeyInput{LogGroupName: &g.Name})
	} else {
		_, err = c.AssociateKmsKey(ctx, &logs.AssociateKmsKeyInput{LogGroupName: &g.Name, KmsKeyId: &g.Key})
	}
	if err != nil {
		return fmt.Errorf("setting the key of the log group %s: %w", g.Name, err)
	}
	return nil
}

// FindLogGroup returns the group as it is, without its tags; nil if there is none.
func FindLogGroup(ctx context.Context, c Logs, name string) (*LogGroup, error) {
	pages := logs.NewDescribeLogGroupsPaginator(c, &logs.DescribeLogGroupsInput{LogGroupNamePrefix: &name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("reading the log group %s: %w", name, err)
		}
		for _, g := range out.LogGroups { // sorted by name, so the exact one comes first
			if aws.ToString(g.LogGroupName) == name {
				class := string(g.LogGroupClass)
				if class == "" { // servers that know no classes
					class = string(types.LogGroupClassStandard)
				}
				return &LogGroup{Name: name, Days: int64(aws.ToInt32(g.RetentionInDays)), Key: aws.ToString(g.KmsKeyId), Class: class}, nil
			}
		}
	}
	return nil, nil
}

// DeleteLogGroup removes the group with its events. A group that is not there is
// no error.
func DeleteLogGroup(ctx context.Context, c Logs, name string) error {
	_, err := c.DeleteLogGroup(ctx, &logs.DeleteLogGroupInput{LogGroupName: &name})
	if err != nil && !tf.Is[*types.ResourceNotFoundException](err) {
		return fmt.Errorf("deleting the log group %s: %w", name, err)
	}
	return nil
}
