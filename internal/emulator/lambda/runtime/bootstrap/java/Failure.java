package tfserverless;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Failure is an error of the function, as Lambda reports it. */
final class Failure {
    private final Throwable error;

    private Failure(Throwable error) {
        this.error = error;
    }

    static Failure of(Throwable t) {
        return new Failure(t);
    }

    String type() {
        return error.getClass().getName();
    }

    /** fatal reports whether the process cannot be trusted any more. */
    boolean fatal() {
        return error instanceof VirtualMachineError;
    }

    byte[] body() {
        return Json.write(shape(error, 0)).getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> shape(Throwable t, int depth) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("errorMessage", t.getMessage() != null ? t.getMessage() : t.toString());
        m.put("errorType", t.getClass().getName());
        List<String> trace = new ArrayList<>();
        for (StackTraceElement e : frames(t)) trace.add(e.toString());
        m.put("stackTrace", trace);
        if (t.getCause() != null && depth < 20) m.put("cause", shape(t.getCause(), depth + 1));
        return m;
    }

    /** frames are those of the function: what called it is left out. */
    private static List<StackTraceElement> frames(Throwable t) {
        List<StackTraceElement> list = new ArrayList<>();
        for (StackTraceElement e : t.getStackTrace()) {
            String c = e.getClassName();
            if (c.startsWith("tfserverless.") || c.startsWith("jdk.internal.reflect.") || c.startsWith("sun.reflect.")
                    || c.equals("java.lang.reflect.Method")) break;
            list.add(e);
        }
        return list;
    }

    void log(String id) {
        for (Throwable t = error; t != null; t = t.getCause()) {
            List<StackTraceElement> f = frames(t);
            t.setStackTrace(f.toArray(new StackTraceElement[0]));
        }
        StringWriter text = new StringWriter();
        text.append(error.getMessage() == null ? "null" : error.getMessage()).append(": ").append(type()).append("\n");
        error.printStackTrace(new PrintWriter(text, true));
        Contexts.write(text.toString().trim().replace("\n", Contexts.asJSON() ? "\n" : "\r"), "ERROR", id);
    }
}
