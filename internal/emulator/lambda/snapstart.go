package lambda

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// snapshots are the runtimes whose functions AWS starts from snapshots. Here none is
// taken: that a published version has one is kept and told, and its environments are
// initialized as others are.
var snapshots = regexp.MustCompile(`^(java(11|17|21|25)|python3\.1[2-9]|dotnet(8|10))$`)

// snapStart tells whether published versions have snapshots.
func snapStart(on types.SnapStartApplyOn, published bool) *types.SnapStartResponse {
	r := &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff}
	if on == types.SnapStartApplyOnPublishedVersions {
		r.ApplyOn = on
		if published {
			r.OptimizationStatus = types.SnapStartOptimizationStatusOn
		}
	}
	return r
}

func (v *version) snapStarts() bool {
	s := v.Configuration.SnapStart
	return s != nil && s.ApplyOn == types.SnapStartApplyOnPublishedVersions
}

// checkSnapStart refuses what AWS cannot take a snapshot of.
func (v *version) checkSnapStart() error {
	c := &v.Configuration
	switch {
	case !v.snapStarts():
		return nil
	case !snapshots.MatchString(string(c.Runtime)):
		return invalid("%s is not supported for SnapStart enabled functions.", c.Runtime)
	case aws.ToInt32(c.EphemeralStorage.Size) > 512:
		return invalid("EphemeralStorage of more than 512 MB is not supported for SnapStart enabled functions.")
	}
	return nil
}
