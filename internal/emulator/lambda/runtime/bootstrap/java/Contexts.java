package tfserverless;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Contexts makes the objects that a function is given, of the interfaces that the
 * function's own aws-lambda-java-core has.
 */
final class Contexts {
    private static final List<String> LEVELS = Arrays.asList("UNDEFINED", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL");

    private Contexts() {}

    static Object of(Class<?> context, Map<String, String> headers) {
        Map<String, Object> v = new LinkedHashMap<>();
        String id = headers.get("lambda-runtime-aws-request-id");
        v.put("getAwsRequestId", id);
        v.put("getLogGroupName", System.getenv("AWS_LAMBDA_LOG_GROUP_NAME"));
        v.put("getLogStreamName", System.getenv("AWS_LAMBDA_LOG_STREAM_NAME"));
        v.put("getFunctionName", System.getenv("AWS_LAMBDA_FUNCTION_NAME"));
        v.put("getFunctionVersion", System.getenv("AWS_LAMBDA_FUNCTION_VERSION"));
        v.put("getInvokedFunctionArn", headers.get("lambda-runtime-invoked-function-arn"));
        v.put("getXrayTraceId", headers.get("lambda-runtime-trace-id"));
        String memory = System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
        v.put("getMemoryLimitInMB", memory == null ? 0 : Integer.valueOf(memory));
        Map<?, ?> identity = object(headers.get("lambda-runtime-cognito-identity"));
        Map<?, ?> client = object(headers.get("lambda-runtime-client-context"));
        long deadline = Long.parseLong(headers.get("lambda-runtime-deadline-ms"));
        return proxy(context, (p, m, args) -> {
            switch (m.getName()) {
                case "getRemainingTimeInMillis":
                    return (int) Math.max(0, deadline - System.currentTimeMillis());
                case "getLogger":
                    return logger(m.getReturnType(), id);
                case "getIdentity":
                    return bean(m.getReturnType(), identity == null ? new LinkedHashMap<>() : identity);
                case "getClientContext":
                    return client == null ? null : bean(m.getReturnType(), client);
                default:
                    return v.get(m.getName());
            }
        });
    }

    private static Map<?, ?> object(String json) {
        Object o = json == null || json.isEmpty() ? null : Json.parse(json);
        return o instanceof Map ? (Map<?, ?>) o : null;
    }

    /** bean answers the getters of an interface from a JSON object. */
    private static Object bean(Class<?> type, Map<?, ?> values) {
        return proxy(type, (p, m, args) -> {
            String name = m.getName().replaceFirst("^get", "").toLowerCase(java.util.Locale.ROOT);
            if (name.equals("environment")) name = "env";
            for (Map.Entry<?, ?> e : values.entrySet()) {
                if (!e.getKey().toString().replace("_", "").toLowerCase(java.util.Locale.ROOT).equals(name)) continue;
                return m.getReturnType().isInterface() && m.getReturnType() != Map.class && e.getValue() instanceof Map
                        ? bean(m.getReturnType(), (Map<?, ?>) e.getValue()) : e.getValue();
            }
            return null;
        });
    }

    private static Object logger(Class<?> type, String id) {
        return proxy(type, (p, m, args) -> {
            if (args == null || args.length == 0) return null;
            String level = args.length > 1 ? String.valueOf(args[1]) : "UNDEFINED";
            write(args[0] instanceof byte[] ? new String((byte[]) args[0], StandardCharsets.UTF_8) : String.valueOf(args[0]), level, id);
            return null;
        });
    }

    static boolean asJSON() {
        return "JSON".equals(System.getenv("AWS_LAMBDA_LOG_FORMAT"));
    }

    /** write adds one event to the log. */
    static void write(String text, String level, String id) {
        if (!asJSON()) {
            String prefix = level.equals("UNDEFINED") || level.equals("ERROR") && text.indexOf('\r') >= 0 ? "" : "[" + level + "] ";
            System.out.println(prefix + (text.endsWith("\n") ? text.substring(0, text.length() - 1) : text));
            return;
        }
        int least = LEVELS.indexOf(System.getenv("AWS_LAMBDA_LOG_LEVEL"));
        if (!level.equals("UNDEFINED") && LEVELS.indexOf(level) < least) return;
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("timestamp", Instant.now().truncatedTo(ChronoUnit.MILLIS).toString());
        line.put("message", text);
        line.put("level", level.equals("UNDEFINED") ? null : level);
        line.put("AWSRequestId", id);
        System.out.println(Json.write(line));
    }

    private static Object proxy(Class<?> type, InvocationHandler h) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (p, m, args) -> {
            if (m.getDeclaringClass() == Object.class) return ofObject(p, m, args, type);
            return h.invoke(p, m, args);
        });
    }

    private static Object ofObject(Object p, Method m, Object[] args, Class<?> type) {
        switch (m.getName()) {
            case "equals":
                return p == args[0];
            case "hashCode":
                return System.identityHashCode(p);
            default:
                return type.getSimpleName();
        }
    }
}
