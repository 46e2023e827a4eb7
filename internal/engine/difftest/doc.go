// Package difftest holds our engine against terraform and tofu: its tests carry
// out configurations, each a sequence of commands over files, with one provider
// that this process serves and that writes down every call, and compare what it
// was asked, the order where there must be one, plans, states, outputs, the
// summaries of diagnostics and exit codes.
//
// What the other programs did is kept in testdata/golden, so that they are needed
// only for recording it (-update) and for checking it again (-peers). It must not
// know how the engine works: it sees command lines, files and calls.
package difftest
