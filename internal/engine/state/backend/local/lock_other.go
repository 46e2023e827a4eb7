//go:build !unix

package local

import (
	"errors"
	"os"
)

func lockFile(*os.File) error {
	return errors.New("this system has no locks that Terraform would respect; give -lock=false, and see to it that nobody else uses the state")
}
