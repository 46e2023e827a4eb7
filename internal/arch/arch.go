// Package arch holds the rules of the repository's structure as a test: which
// package may import which, and what no package does. It knows only names, and
// must not know what any package is for.
package arch
