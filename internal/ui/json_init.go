package ui

// Step is a line of what init does, with Terraform's code for it.
func (l *Log) Step(code, text string) {
	l.line("info", "init_output", text, fields{"message_code": code})
}
