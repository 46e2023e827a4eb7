package cli

// commands is the command table, in the order of the help text.
var commands = []command{
	emulatorBackground,
	emulatorEnv,
	emulatorReset,
	emulatorRun,
	emulatorRuntimeInstall,
	emulatorStart,
	emulatorStatus,
	emulatorStop,
	versionCommand,
}
