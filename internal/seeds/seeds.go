// Package seeds makes tests that draw at random draw the same things in every run,
// so that a change is never held up by what it has nothing to do with. With
// SEEDS=fresh in the environment they draw anew: that is how they find something.
//
// It must not know what is drawn, nor what by.
package seeds

import (
	"flag"
	"os"
	"testing"
)

// Fresh reports whether random tests are to draw anew.
func Fresh() bool { return os.Getenv("SEEDS") == "fresh" }

// Main is the TestMain of a package whose random tests take the flag -rapid.seed. One
// on the command line counts.
func Main(m *testing.M) {
	Fix()
	os.Exit(m.Run())
}

// Fix gives the flag -rapid.seed its value, for a TestMain that does more.
func Fix() {
	flag.Parse()
	given := Fresh()
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.seed" })
	if given {
		return
	}
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}
