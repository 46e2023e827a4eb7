package tf

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// ImportState accepts the object's ARN, the values of the attributes in Import
// joined by "/", each with "@region" at the end if the object is not in the
// provider's region, or its identity.
func (r *instance[C, M]) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	values, err := r.imported(req)
	if err == nil {
		err = r.checkImport(ctx, values)
	}
	if err != nil {
		report(&resp.Diagnostics, "import "+r.typeName()+" "+req.ID, err)
		return
	}
	all := fields(resp.State.Raw)
	if all == nil {
		all = map[string]tftypes.Value{}
		for name, t := range resp.State.Raw.Type().(tftypes.Object).AttributeTypes {
			all[name] = tftypes.NewValue(t, nil)
		}
	}
	for name, v := range values {
		if name != "account_id" && v != "" {
			all[name] = stringValue(v)
		}
	}
	resp.State.Raw = tftypes.NewValue(resp.State.Raw.Type(), all)
}

// imported returns the attributes that an import request names; also account_id
// and region if it has them.
func (r *instance[C, M]) imported(req resource.ImportStateRequest) (map[string]string, error) {
	values := map[string]string{}
	if req.ID == "" {
		for name, v := range fields(req.Identity.Raw) {
			values[name], _ = stringOf(v)
		}
		return values, nil
	}
	id := req.ID
	if strings.HasPrefix(id, "arn:") { // else the first part of the id may be one
		if values, err := r.importedARN(id); err == nil || r.ARN != "" && len(r.Import) == 1 {
			return values, err
		}
	}
	if name, region, ok := cutLast(id, "@"); ok && !strings.Contains(region, "/") {
		id, values["region"] = name, region
	}
	parts := strings.SplitN(id, "/", len(r.Import))
	if len(parts) != len(r.Import) {
		return nil, r.badImport(req.ID)
	}
	for i, name := range r.Import {
		if parts[i] == "" {
			return nil, r.badImport(req.ID)
		}
		values[name] = parts[i]
	}
	return values, nil
}

// importedARN takes the attributes out of an ARN by the type's pattern.
func (r *instance[C, M]) importedARN(id string) (map[string]string, error) {
	parts := strings.SplitN(id, ":", 6) // arn, partition, service, region, account, resource
	service, pattern, _ := strings.Cut(r.ARN, ":")
	if r.ARN == "" || len(parts) != 6 || parts[2] != service {
		return nil, r.badImport(id)
	}
	values := map[string]string{"region": parts[3], "account_id": parts[4]}
	rest := parts[5]
	for pattern != "" {
		literal, after, more := strings.Cut(pattern, "{")
		if !strings.HasPrefix(rest, literal) {
			return nil, r.badImport(id)
		}
		rest = rest[len(literal):]
		if !more {
			break
		}
		name, next, _ := strings.Cut(after, "}")
		end := len(rest)
		if next != "" {
			if end = strings.Index(rest, next[:1]); end < 0 {
				return nil, r.badImport(id)
			}
		}
		values[name], rest, pattern = rest[:end], rest[end:], next
		if values[name] == "" {
			return nil, r.badImport(id)
		}
	}
	if rest != "" {
		return nil, r.badImport(id)
	}
	return values, nil
}

func (r *instance[C, M]) badImport(id string) error {
	forms := strings.Join(r.Import, "/")
	if r.ARN != "" {
		service, pattern, _ := strings.Cut(r.ARN, ":")
		forms += " or arn:aws:" + service + ":<region>:<account>:" + pattern
	}
	return &Problem{
		"Not an import id of " + r.typeName(),
		fmt.Sprintf("%q does not name one. Give %s; \"@region\" may follow a name whose object is not in the provider's region.", id, forms),
	}
}

// checkImport refuses an object of another account than the provider's.
func (r *instance[C, M]) checkImport(ctx context.Context, values map[string]string) error {
	if values["account_id"] == "" {
		return nil
	}
	region := values["region"]
	if region == "" {
		region = r.provider.Region.ValueString()
	}
	_, here, err := r.provider.Identity(ctx, region)
	if err != nil {
		return fmt.Errorf("finding out the account: %w", err)
	}
	if here != values["account_id"] {
		return &Problem{
			"The object belongs to another account",
			fmt.Sprintf("The import names account %s, but the provider works on %s, account %s.", values["account_id"], r.provider.Where, here),
		}
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
