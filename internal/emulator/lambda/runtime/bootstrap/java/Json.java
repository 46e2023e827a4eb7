package tfserverless;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Json reads text to maps, lists, strings, numbers and booleans, and writes any object. */
final class Json {
    private final String s;
    private int at;

    private Json(String s) {
        this.s = s;
    }

    static Object parse(String text) {
        Json j = new Json(text);
        j.space();
        Object v = j.value(0);
        j.space();
        if (j.at < text.length()) throw j.bad();
        return v;
    }

    private IllegalArgumentException bad() {
        return new IllegalArgumentException(at < s.length()
                ? "Unexpected character '" + s.charAt(at) + "' at " + at : "Unexpected end-of-input");
    }

    private void space() {
        while (at < s.length() && " \t\r\n".indexOf(s.charAt(at)) >= 0) at++;
    }

    private Object value(int depth) {
        if (at >= s.length() || depth > 1000) throw bad();
        char c = s.charAt(at);
        switch (c) {
            case '{':
                return object(depth);
            case '[':
                return array(depth);
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", null);
            default:
                return number();
        }
    }

    private Object word(String w, Object v) {
        if (!s.startsWith(w, at)) throw bad();
        at += w.length();
        return v;
    }

    private Map<String, Object> object(int depth) {
        Map<String, Object> m = new LinkedHashMap<>();
        at++;
        space();
        if (at < s.length() && s.charAt(at) == '}') {
            at++;
            return m;
        }
        for (;;) {
            space();
            if (at >= s.length() || s.charAt(at) != '"') throw bad();
            String k = string();
            space();
            if (at >= s.length() || s.charAt(at++) != ':') throw bad();
            space();
            m.put(k, value(depth + 1));
            space();
            if (at >= s.length()) throw bad();
            char c = s.charAt(at++);
            if (c == '}') return m;
            if (c != ',') throw bad();
        }
    }

    private List<Object> array(int depth) {
        List<Object> l = new ArrayList<>();
        at++;
        space();
        if (at < s.length() && s.charAt(at) == ']') {
            at++;
            return l;
        }
        for (;;) {
            space();
            l.add(value(depth + 1));
            space();
            if (at >= s.length()) throw bad();
            char c = s.charAt(at++);
            if (c == ']') return l;
            if (c != ',') throw bad();
        }
    }

    private String string() {
        int end = s.indexOf('"', at + 1);
        if (end > 0 && s.substring(at, end).indexOf('\\') < 0) {
            String plain = s.substring(at + 1, end);
            at = end + 1;
            return plain;
        }
        StringBuilder b = new StringBuilder();
        for (at++; at < s.length(); ) {
            char c = s.charAt(at++);
            if (c == '"') return b.toString();
            if (c != '\\') {
                b.append(c);
                continue;
            }
            if (at >= s.length()) throw bad();
            char e = s.charAt(at++);
            int i = "bfnrt".indexOf(e);
            if (i >= 0) b.append("\b\f\n\r\t".charAt(i));
            else if (e != 'u') b.append(e);
            else {
                if (at + 4 > s.length()) throw bad();
                b.append((char) Integer.parseInt(s.substring(at, at + 4), 16));
                at += 4;
            }
        }
        throw bad();
    }

    private Object number() {
        int from = at;
        boolean whole = true;
        for (; at < s.length(); at++) {
            char c = s.charAt(at);
            if (c == '.' || c == 'e' || c == 'E') whole = false;
            else if ((c < '0' || c > '9') && c != '-' && c != '+') break;
        }
        String t = s.substring(from, at);
        try {
            if (!whole) return Double.valueOf(t);
            BigInteger n = new BigInteger(t);
            if (n.bitLength() < 32) return n.intValue();
            if (n.bitLength() < 64) return n.longValue();
            return n;
        } catch (NumberFormatException e) {
            at = from;
            throw bad();
        }
    }

    static String write(Object o) {
        StringBuilder b = new StringBuilder();
        write(b, o, 0);
        return b.toString();
    }

    private static void write(StringBuilder b, Object o, int depth) {
        if (depth > 1000) throw new IllegalStateException("An object holds itself, or is nested too deep");
        o = Beans.plain(o);
        if (o == null || o instanceof Boolean) b.append(o);
        else if (o instanceof String) quote(b, (String) o);
        else if (o instanceof Number) writeNumber(b, (Number) o);
        else if (o instanceof Map) {
            String sep = "{";
            for (Map.Entry<?, ?> e : ((Map<?, ?>) o).entrySet()) {
                if (e.getValue() == null) continue; // as in AWS: what is null is left out
                b.append(sep);
                quote(b, String.valueOf(e.getKey()));
                b.append(':');
                write(b, e.getValue(), depth + 1);
                sep = ",";
            }
            b.append(sep.equals("{") ? "{}" : "}");
        } else {
            String sep = "[";
            for (Object v : (Iterable<?>) o) {
                b.append(sep);
                write(b, v, depth + 1);
                sep = ",";
            }
            b.append(sep.equals("[") ? "[]" : "]");
        }
    }

    private static void writeNumber(StringBuilder b, Number n) {
        double d = n.doubleValue();
        if (!(n instanceof BigDecimal) && (Double.isNaN(d) || Double.isInfinite(d)) && !(n instanceof BigInteger)) quote(b, n.toString());
        else b.append(n);
    }

    private static void quote(StringBuilder b, String s) {
        b.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            int e = "\b\f\n\r\t\"\\".indexOf(c);
            if (e >= 0) b.append('\\').append("bfnrt\"\\".charAt(e));
            else if (c < 0x20) b.append(String.format("\\u%04X", (int) c));
            else b.append(c);
        }
        b.append('"');
    }
}
