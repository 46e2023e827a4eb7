package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/tfserverless/terraform-provider-serverless/internal/emulator/process"
)

// defaultDataDir is also what the provider's backend block defaults to.
const defaultDataDir = ".serverless"

// dataDirFlag declares the flag that says which emulator is meant.
func dataDirFlag(fs *flag.FlagSet) *string {
	return fs.String("data-dir", defaultDataDir, "`folder` that keeps what the emulator holds; whoever names it shares the emulator")
}

// findEmulator returns the emulator that lives in dataDir.
func findEmulator(ctx context.Context, dataDir string) (*process.Address, error) {
	a, err := process.Find(ctx, dataDir)
	if errors.Is(err, process.ErrNotRunning) {
		return nil, fmt.Errorf("%w; start it with: %s emulator start -data-dir=%s", err, name, dataDir)
	}
	return a, err
}
