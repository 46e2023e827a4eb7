package cli

// commands is the command table, in the order of the help text.
var commands = []command{
	applyCommand,
	destroyCommand,
	emulatorBackground,
	emulatorEnv,
	emulatorReset,
	emulatorRun,
	emulatorRuntimeInstall,
	emulatorStart,
	emulatorStatus,
	emulatorStop,
	fmtCommand,
	initCommand,
	outputCommand,
	planCommand,
	providersSchema,
	showCommand,
	stateList,
	statePull,
	stateShow,
	validateCommand,
	versionCommand,
}
