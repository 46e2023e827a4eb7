"""Runs a Python function over the Lambda Runtime API: loads the handler, fetches
events, answers them. Written for the emulator; it needs nothing but Python."""

import decimal
import http.client
import importlib
import json
import logging
import os
import re
import sys
import time
import traceback

API = "/2018-06-01/runtime"
JSON_LOG = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
HERE = os.path.abspath(__file__)
connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
current = ""  # the id of the request in flight


def call(method, route, body=None, headers=None):
    connection.request(method, API + route, body, headers or {})
    response = connection.getresponse()
    return response, response.read()


def post_error(route, error):
    kind = error["errorType"].encode("ascii", "replace").decode()
    call("POST", route, json.dumps(error).encode(),
         {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": kind})


class ClientContext:
    def __init__(self, values):
        client = values.get("client") or {}
        self.client = type("Client", (), {k: client.get(k) for k in (
            "installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")})()
        self.custom = values.get("custom")
        self.env = values.get("env")


class Identity:
    def __init__(self, values):
        self.cognito_identity_id = values.get("cognitoIdentityId")
        self.cognito_identity_pool_id = values.get("cognitoIdentityPoolId")


class LambdaContext:
    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = env["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = env["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = env["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = env["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
        client = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = ClientContext(json.loads(client)) if client else None
        self.identity = Identity(json.loads(headers.get("Lambda-Runtime-Cognito-Identity") or "{}"))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


class TextFormatter(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        record.aws_request_id = current
        return super().format(record).replace("\n", "\r")


class JSONFormatter(logging.Formatter):
    RESERVED = set(vars(logging.makeLogRecord({}))) - {"stack_info", "taskName"} | {"stack_info", "aws_request_id"}

    def format(self, record):
        level = min(50, max(0, record.levelno)) // 10 * 10
        line = {"timestamp": stamp(record.created), "level": logging.getLevelName(level),
                "message": record.getMessage(), "logger": record.name}
        if record.exc_info:
            kind, error, trace = record.exc_info
            line["stackTrace"] = traceback.format_tb(trace)
            line["errorType"] = kind.__name__ if kind else None
            line["errorMessage"] = str(error)
        line["requestId"] = current
        if record.exc_info:
            line["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        for key, value in vars(record).items():
            if key not in self.RESERVED:
                line.setdefault(key, value)
        return json.dumps({k: v for k, v in line.items() if v is not None}, ensure_ascii=False)


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + ".%03dZ" % (seconds % 1 * 1000)


def set_up_logging():
    handler = logging.StreamHandler(sys.stdout)
    if JSON_LOG:
        handler.setFormatter(JSONFormatter())
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO").upper()
        logging.root.setLevel("DEBUG" if level == "TRACE" else level)
    else:
        handler.setFormatter(TextFormatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s",
                                           "%Y-%m-%dT%H:%M:%S"))
    logging.root.addHandler(handler)


def log_error(error):
    if JSON_LOG:
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        print(json.dumps({"timestamp": now, "level": "ERROR", **error}))
        return
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error["stackTrace"]:
        lines.append("Traceback (most recent call last):")
    for line in "".join(error["stackTrace"]).splitlines():
        text = line.lstrip(" ")
        lines.append("\u00a0" * (len(line) - len(text)) + text)
    print("\r".join(lines).replace("\n", "\r"))


def shape(kind, message, trace=()):
    about = {"errorMessage": message, "errorType": kind, "requestId": current, "stackTrace": list(trace)}
    if os.environ.get("AWS_EXECUTION_ENV") == "AWS_Lambda_python3.8":
        del about["requestId"]  # which the later ones have
    return about


def shape_of(error):
    frames = [f for f in traceback.extract_tb(error.__traceback__) if os.path.abspath(f.filename) != HERE]
    frames = [f for f in frames if not f.filename.startswith("<frozen importlib")]
    return shape(type(error).__name__, str(error), traceback.format_list(frames))


class PlatformError(Exception):
    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.shape = shape(kind, message, trace)


def load(name):
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        raise PlatformError("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise PlatformError("Runtime.BuiltInModuleConflict", f"Cannot use built-in module {module_name} as a handler module")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as e:
        message = f"Unable to import module '{module_name}': {e}"
        if (getattr(e, "name", None) or "").split(".")[0] in ("boto3", "botocore"):
            message += ("\nThe AWS SDK is not in the function's package. "
                        "Put it there, or run: tfserverless emulator runtime install python")
        raise PlatformError("Runtime.ImportModuleError", message) from None
    except SyntaxError as e:
        trace = [f'  File "{e.filename}" Line {e.lineno}\n    {e.text}']
        raise PlatformError("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {e}", trace) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise PlatformError("Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'") from None


# A Decimal keeps its digits: it is written as a string with a secret mark, whose
# quotes are removed at the end.
MARK = "decimal-" + os.urandom(8).hex() + ":"
MARKED = re.compile('"' + MARK + '([^"]*)"')
# As in AWS, only newer versions write other letters than those of ASCII as they are.
ASCII = tuple(map(int, re.findall(r"\d+", os.environ.get("AWS_EXECUTION_ENV", "")[-4:]))) < (3, 12)


def plain(value):
    if isinstance(value, decimal.Decimal):
        return float("nan") if value.is_nan() else MARK + str(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def run(handler, event, context):
    result = handler(event, context)
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        text = json.dumps(result, ensure_ascii=ASCII, default=plain)
    except Exception as e:
        raise PlatformError("Runtime.MarshalError", f"Unable to marshal response: {e}") from None
    if MARK in text:
        text = MARKED.sub(r"\1", text)
    return text.encode(), "application/json"


def main():
    global current
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    set_up_logging()
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as e:
        error = e.shape if isinstance(e, PlatformError) else shape_of(e)
        log_error(error)
        post_error("/init/error", error)
        sys.exit(1)
    while True:
        response, data = call("GET", "/invocation/next")
        headers = response.headers
        current = headers["Lambda-Runtime-Aws-Request-Id"]
        if headers.get("Lambda-Runtime-Trace-Id"):
            os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"]
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            body, kind = run(handler, json.loads(data), LambdaContext(headers))
        except Exception as e:
            error = e.shape if isinstance(e, PlatformError) else shape_of(e)
            log_error(error)
            sys.stdout.flush()
            post_error(f"/invocation/{current}/error", error)
            continue
        sys.stdout.flush()
        sys.stderr.flush()
        call("POST", f"/invocation/{current}/response", body, {"Content-Type": kind})


if __name__ == "__main__":
    main()
