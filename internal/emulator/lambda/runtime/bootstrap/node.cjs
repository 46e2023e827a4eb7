'use strict';
// Runs a Node.js function over the Lambda Runtime API: loads the handler, fetches
// events, answers them. Written for the emulator; it needs nothing but Node.js.

const fs = require('node:fs');
const path = require('node:path');
const url = require('node:url');
const util = require('node:util');

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(':');
const API = '/2018-06-01/runtime';
let current; // the event in flight: { id, settle }

// ---- the Runtime API: HTTP/1.1 on a connection that is there from the start. Node's
// own network takes longer to load than the rest of this program.

const LINK = 3; // its file
const waiting = []; // resolve functions of the requests without a response
let received = Buffer.alloc(0);

// read hands on what comes; while the function works nothing is read, so that an
// empty event loop is seen.
function read() {
  const chunk = Buffer.allocUnsafe(65536);
  fs.read(LINK, chunk, 0, chunk.length, null, (err, n) => {
    if (err || n === 0) process.exit(1); // the emulator has gone
    received = received.length ? Buffer.concat([received, chunk.subarray(0, n)]) : chunk.subarray(0, n);
    for (let answer; waiting.length && (answer = take()); ) waiting.shift()(answer);
    if (waiting.length) read();
  });
}

// take returns the response that has been received, if it is whole.
function take() {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return;
  const headers = {};
  for (const line of received.latin1Slice(0, end).split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const total = end + 4 + Number(headers['content-length'] ?? 0);
  if (received.length < total) return;
  const body = received.subarray(end + 4, total);
  received = received.subarray(total);
  return { headers, body };
}

function call(method, route, headers, body) {
  let head = `${method} ${API}${route} HTTP/1.1\r\nHost: ${host}:${port}\r\n`;
  for (const [k, v] of Object.entries(headers)) head += `${k}: ${v}\r\n`;
  const data = Buffer.from(head + '\r\n', 'latin1');
  try {
    writeAll(LINK, body ? Buffer.concat([data, body]) : data);
  } catch {
    process.exit(1);
  }
  return new Promise((resolve) => { if (waiting.push(resolve) === 1) read(); });
}

function post(route, body, headers = {}) {
  const data = Buffer.from(body);
  return call('POST', route, { 'Content-Type': 'application/json', 'Content-Length': data.length, ...headers }, data);
}

const postError = (route, shape) =>
  post(route, JSON.stringify(shape), { 'Lambda-Runtime-Function-Error-Type': header(shape.errorType) });

const header = (s) => String(s).replace(/[^\x20-\x7e]/g, '?');

// ---- errors

class PlatformError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

const isError = (e) => util.types.isNativeError(e) || e instanceof Error;

function shapeOf(e) {
  if (!isError(e)) return { errorType: typeof e, errorMessage: String(e), trace: [] };
  return { errorType: e.name, errorMessage: e.message, trace: String(e.stack ?? '').split('\n') };
}

// ---- the console

const LEVELS = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5 };
const asJSON = env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const least = asJSON ? (LEVELS[env.AWS_LAMBDA_LOG_LEVEL] ?? LEVELS.INFO) : 0;

function writeAll(fd, data) {
  for (let at = 0; at < data.length; ) {
    try {
      at += fs.writeSync(fd, data, at);
    } catch (e) {
      if (e.code !== 'EAGAIN') throw e;
    }
  }
}

const print = (text) => writeAll(1, Buffer.from(text));

const described = (e) => ({
  errorType: e.constructor?.name ?? 'UnknownError',
  errorMessage: e.message,
  stackTrace: typeof e.stack === 'string' ? e.stack.split('\n') : [],
});

function log(level, ...args) {
  if (LEVELS[level] < least) return;
  const timestamp = new Date().toISOString();
  if (!asJSON) {
    print(`${timestamp}\t${current?.id}\t${level}\t${util.format(...args).replace(/\n/g, '\r')}\n`);
    return;
  }
  const line = { timestamp, level, requestId: current?.id, message: args.length === 1 ? args[0] : util.format(...args) };
  const error = args.length === 1 ? undefined : args.find(isError);
  if (error) Object.assign(line, described(error));
  let text;
  try {
    text = JSON.stringify(line, (_, v) => (isError(v) ? { ...described(v), ...v } : v));
  } catch {
    text = JSON.stringify({ ...line, message: util.format(...args) });
  }
  print(text + '\n');
}

console.log = (...a) => log('INFO', ...a);
console.info = (...a) => log('INFO', ...a);
console.debug = (...a) => log('DEBUG', ...a);
console.warn = (...a) => log('WARN', ...a);
console.error = (...a) => log('ERROR', ...a);
console.trace = (...a) => log('TRACE', ...a);
console.fatal = (...a) => log('FATAL', ...a);

function logError(what, shape) {
  if (asJSON) {
    const { errorType, errorMessage, trace } = shape;
    print(JSON.stringify({ timestamp: new Date().toISOString(), level: 'ERROR', requestId: current?.id,
      message: { errorType, errorMessage, stackTrace: trace } }) + '\n');
  } else {
    log('ERROR', `${what} \t${JSON.stringify({ ...shape, stack: shape.trace, trace: undefined })}`);
  }
}

// ---- streamed responses

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const WATERMARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const REQUEST = Symbol.for('aws.lambda.runtime.requestId');

globalThis.awslambda = {
  streamifyResponse(handler, options) {
    handler[STREAMING] = 'response';
    if (typeof options?.highWaterMark === 'number') handler[WATERMARK] = options.highWaterMark;
    return handler;
  },
  HttpResponseStream: {
    from(stream, prelude) {
      stream.setContentType('application/vnd.awslambda.http-integration-response');
      stream._onBeforeFirstWrite = (write) => {
        write(JSON.stringify(prelude));
        write(Buffer.alloc(8));
      };
      return stream;
    },
  },
};

// stream runs a streaming handler: what it writes is the request's body.
function stream(handler, event, context, id) {
  const http = require('node:http');
  return new Promise((resolve) => {
    let type = 'application/octet-stream';
    let req;
    const open = () => {
      req ??= http.request({ host, port, method: 'POST', path: `${API}/invocation/${id}/response`, headers: {
        'Content-Type': type,
        'Lambda-Runtime-Function-Response-Mode': 'streaming',
        'Transfer-Encoding': 'chunked',
        Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
      } }, (res) => { res.resume(); res.on('end', resolve); }).on('error', () => process.exit(1));
      return req;
    };
    let begun = false;
    const out = new (require('node:stream').Writable)({
      highWaterMark: handler[WATERMARK],
      write(chunk, _, done) {
        if (!begun) out._onBeforeFirstWrite?.((c) => open().write(c));
        begun = true;
        open().write(chunk, done);
      },
      final(done) { open().end(done); },
    });
    out.setContentType = (t) => { type = t; };
    const fail = (e) => {
      const shape = shapeOf(e);
      logError('Invoke Error', shape);
      open().addTrailers({ 'Lambda-Runtime-Function-Error-Type': header(shape.errorType),
        'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(shape)).toString('base64') });
      req.end();
    };
    current.settle = (e) => (e ? fail(e) : out.end());
    Promise.resolve().then(() => handler(event, out, context)).then(() => out.writableEnded || out.end(), fail);
  });
}

// ---- the handler

const hint = (message) => (/['"](@aws-sdk\/|@smithy\/|aws-sdk)/.test(message)
  ? `\nThe AWS SDK is not in the function's package. Put it there, or run: tfserverless emulator runtime install nodejs`
  : '');

async function load(root, name) {
  const base = path.basename(name);
  const m = /^([^.]*)\.(.*)$/.exec(base);
  if (name.includes('..')) {
    throw new PlatformError('Runtime.MalformedHandlerName', `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  if (!m) throw new PlatformError('Runtime.MalformedHandlerName', 'Bad handler');
  const stem = path.join(root, name.slice(0, name.length - base.length), m[1]);
  let mod;
  try {
    mod = await loadModule(stem, path.join(name.slice(0, name.length - base.length), m[1]));
  } catch (e) {
    if (e instanceof SyntaxError) throw Object.assign(new PlatformError('Runtime.UserCodeSyntaxError', `SyntaxError: ${e.message}`), { stack: e.stack });
    if (e?.code === 'ERR_MODULE_NOT_FOUND') e.message += hint(e.message); // which AWS calls an Error as it is
    if (e?.code === 'MODULE_NOT_FOUND') {
      throw Object.assign(new PlatformError('Runtime.ImportModuleError', `Error: ${e.message}${hint(e.message)}`), { stack: e.stack });
    }
    throw e;
  }
  const handler = m[2].split('.').reduce((o, k) => o && o[k], mod);
  if (!handler) throw new PlatformError('Runtime.HandlerNotFound', `${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new PlatformError('Runtime.HandlerNotFound', `${name} is not a function`);
  return handler;
}

async function loadModule(stem, name) {
  const importFile = (f) => import(url.pathToFileURL(f).href);
  if (fs.existsSync(stem) && fs.statSync(stem).isFile()) return require(stem);
  if (fs.existsSync(stem + '.js')) return isESM(stem + '.js') ? importFile(stem + '.js') : require(stem + '.js');
  if (fs.existsSync(stem + '.mjs')) return importFile(stem + '.mjs');
  if (fs.existsSync(stem + '.cjs')) return require(stem + '.cjs');
  if (parseInt(process.versions.node, 10) >= 24) { // which reads TypeScript
    if (fs.existsSync(stem + '.ts')) return isESM(stem + '.ts') ? importFile(stem + '.ts') : require(stem + '.ts');
    if (fs.existsSync(stem + '.mts')) return importFile(stem + '.mts');
    if (fs.existsSync(stem + '.cts')) return require(stem + '.cts');
  }
  return require(require.resolve(name, { paths: [env.LAMBDA_TASK_ROOT, ...(env.NODE_PATH ?? '').split(':')] }));
}

// isESM reports whether the nearest package.json makes .js files ES modules.
function isESM(file) {
  for (let dir = path.dirname(file); dir !== '/' && !dir.endsWith('/node_modules'); dir = path.dirname(dir)) {
    const description = path.join(dir, 'package.json');
    if (!fs.existsSync(description)) continue;
    try {
      return JSON.parse(fs.readFileSync(description, 'utf8')).type === 'module';
    } catch (e) {
      console.warn(`${description} cannot be read, it will be ignored for ES module detection purposes.`, e);
      return false;
    }
  }
  return false;
}

// run calls the handler and resolves to its result, by promise or by callback.
function run(handler, event, context) {
  return new Promise((resolve, reject) => {
    let settled; // by callback, while the event loop is not empty
    const settle = (err, data) => {
      if (settled) return;
      settled = () => (err ? reject(err) : resolve(data));
      if (!context.callbackWaitsForEmptyEventLoop) setImmediate(settled);
    };
    // The event loop is empty: nothing can settle a promise or call back any more.
    current.settle = (e) => (e ? reject(e) : settled ? settled() : resolve(null));
    context.done = settle;
    context.fail = (e) => settle(e ?? 'handled');
    context.succeed = (d) => settle(null, d);
    const result = handler(event, context, settle);
    if (typeof result?.then === 'function') result.then(resolve, reject);
  });
}

function contextOf(h) {
  const deadline = Number(h['lambda-runtime-deadline-ms']);
  const client = h['lambda-runtime-client-context'];
  const identity = h['lambda-runtime-cognito-identity'];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client ? JSON.parse(client) : undefined,
    identity: identity ? JSON.parse(identity) : undefined,
    invokedFunctionArn: h['lambda-runtime-invoked-function-arn'],
    awsRequestId: h['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// answer does not wait until its response has arrived: the request for the next
// event may follow at once.
async function answer(handler, id, headers, data) {
  const context = contextOf(headers);
  const event = JSON.parse(data.toString('utf8'));
  if (handler[STREAMING]) return stream(handler, event, context, id);
  let body;
  try {
    const result = await run(handler, event, context);
    try {
      body = JSON.stringify(result === undefined ? null : result) ?? 'null';
    } catch {
      throw new Error('Unable to stringify response body');
    }
  } catch (e) {
    const shape = shapeOf(e);
    logError('Invoke Error', shape);
    postError(`/invocation/${id}/error`, shape);
    return;
  }
  post(`/invocation/${id}/response`, body);
}

// die reports what nothing caught, and ends the process as AWS does.
async function die(what, shape) {
  logError(what, shape);
  await postError(current ? `/invocation/${current.id}/error` : '/init/error', shape);
  process.exit(129);
}

async function main() {
  process.on('uncaughtException', (e) => die('Uncaught Exception', shapeOf(e)));
  process.on('unhandledRejection', (reason) => die('Unhandled Promise Rejection', {
    errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: isError(reason) ? String(reason) : String(reason),
    trace: String(new PlatformError('Runtime.UnhandledPromiseRejection', String(reason)).stack).split('\n') }));
  process.on('beforeExit', () => current?.settle?.());
  let handler;
  try {
    handler = await load(env.LAMBDA_TASK_ROOT, env._HANDLER);
  } catch (e) {
    return die('Uncaught Exception', shapeOf(e));
  }
  for (;;) {
    const { headers, body } = await call('GET', '/invocation/next', {});
    const id = headers['lambda-runtime-aws-request-id'];
    if (!id) process.exit(1);
    const trace = headers['lambda-runtime-trace-id'];
    if (trace) env._X_AMZN_TRACE_ID = trace;
    else delete env._X_AMZN_TRACE_ID;
    current = { id };
    globalThis[REQUEST] = id;
    await answer(handler, id, headers, body);
    current = undefined;
  }
}

main();
