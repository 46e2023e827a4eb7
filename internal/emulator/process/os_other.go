//go:build !unix

package process

import (
	"errors"
	"os"
	"syscall"
)

var errSystem = errors.New("an emulator with a data_dir needs a Unix system; run one in memory with: tfserverless emulator run")

func lockAlone(*os.File) (bool, error)      { return false, errSystem }
func lockShared(*os.File) (bool, error)     { return false, errSystem }
func apart() *syscall.SysProcAttr           { return nil }
func inherited(_ int, name string) *os.File { return os.NewFile(^uintptr(0), name) }
