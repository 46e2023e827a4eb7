package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A folder is a data_dir. Beside what the emulator itself keeps there, it holds
// the files below; all are readable by their owner only.
type folder struct{ path string }

const (
	lockFile    = "lock"         // locked while an emulator starts or lives; the operating system frees it with its owner
	addressFile = "address.json" // where the living emulator answers, with its key and token
	portFile    = "port"         // chosen once and kept, because URLs are in Terraform's state
	logFile     = "emulator.log" // what the emulator in the background prints
)

// at names the data_dir without touching it.
func at(dataDir string) (folder, error) {
	if dataDir == "" {
		return folder{}, errors.New("the data_dir is empty; name a folder, such as .serverless")
	}
	path, err := filepath.Abs(dataDir)
	if err != nil {
		return folder{}, fmt.Errorf("finding the data_dir %s: %w", dataDir, err)
	}
	return folder{path}, nil
}

// open is at for those who write: it makes the folder, and finds out now whether
// it can be written.
func open(dataDir string) (folder, error) {
	d, err := at(dataDir)
	if err != nil {
		return d, err
	}
	unusable := func(err error) error {
		return fmt.Errorf("the data_dir %s cannot be written: %w; give this user the right to write there, or choose another folder", d.path, err)
	}
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		return d, unusable(err)
	}
	// What is in here holds keys and is of this machine: it is not for version control.
	if err := d.write(".gitignore", []byte("*\n")); err != nil {
		return d, unusable(err)
	}
	return d, nil
}

func (d folder) file(name string) string { return filepath.Join(d.path, name) }

// write puts a file in place as a whole or not at all.
func (d folder) write(name string, content []byte) error {
	f, err := os.CreateTemp(d.path, "."+name+"-*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), d.file(name))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// locked reports whether an emulator starts or lives here.
func (d folder) locked() (bool, error) {
	f, err := os.Open(d.file(lockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for an emulator in %s: %w", d.path, err)
	}
	defer f.Close()
	free, err := lockShared(f)
	if err != nil {
		return false, fmt.Errorf("looking for an emulator in %s: %w", d.path, err)
	}
	return !free, nil
}

// lock takes the folder's lock, which lasts until the file is closed in every
// process that has it. It returns nil when somebody else holds it.
func (d folder) lock() (*os.File, error) {
	f, err := os.OpenFile(d.file(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data_dir %s cannot be written: %w", d.path, err)
	}
	ok, err := lockAlone(f)
	if err == nil && ok && d.has(f) {
		return f, nil
	}
	f.Close()
	if err != nil {
		return nil, fmt.Errorf("locking %s: %w", d.file(lockFile), err)
	}
	return nil, nil
}

// has reports whether the lock is still the one that newcomers find, and so
// whether the folder is still there.
func (d folder) has(lock *os.File) bool {
	mine, err := lock.Stat()
	if err != nil {
		return false
	}
	theirs, err := os.Stat(d.file(lockFile))
	return err == nil && os.SameFile(mine, theirs)
}

// addressJSON is the address file's content, the only place that the secrets of
// an Address are written to.
type addressJSON struct {
	URL       string `json:"url"`
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
	Build     string `json:"build"`
	Token     string `json:"token"`
	PID       int    `json:"pid"`
}

// readAddress returns what the address file says; an error when it is missing or
// not whole.
func (d folder) readAddress() (*Address, error) {
	raw, err := os.ReadFile(d.file(addressFile))
	if err != nil {
		return nil, err
	}
	var a addressJSON
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fmt.Errorf("reading %s: %w", d.file(addressFile), err)
	}
	if a.URL == "" || a.Token == "" {
		return nil, fmt.Errorf("reading %s: it is not whole", d.file(addressFile))
	}
	address := Address(a)
	return &address, nil
}

func (d folder) writeAddress(a *Address) error {
	raw, err := json.MarshalIndent(addressJSON(*a), "", "  ") //nolint:gosec // the file is how the key reaches its owner's programs
	if err != nil {
		return err
	}
	if err := d.write(addressFile, append(raw, '\n')); err != nil {
		return fmt.Errorf("writing the emulator's address: %w", err)
	}
	return nil
}
