package tfserverless;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Beans turns JSON values into objects of a function's types and back, by the rules
 * of the serializer that AWS uses: properties by getters and setters, public fields,
 * nothing for what is unknown or null.
 */
final class Beans {
    private static final String EVENTS = "com.amazonaws.services.lambda.runtime.events.";

    private Beans() {}

    // ---- from JSON

    static Object bind(Object v, Type type) {
        if (type instanceof WildcardType) return bind(v, ((WildcardType) type).getUpperBounds()[0]);
        if (type instanceof GenericArrayType) return array(v, ((GenericArrayType) type).getGenericComponentType());
        Type[] args = {};
        Class<?> c;
        if (type instanceof ParameterizedType) {
            args = ((ParameterizedType) type).getActualTypeArguments();
            c = (Class<?>) ((ParameterizedType) type).getRawType();
        } else if (type instanceof Class) {
            c = (Class<?>) type;
        } else {
            c = Object.class; // a type variable that nothing has told
        }
        if (c == Optional.class) return Optional.ofNullable(v == null ? null : bind(v, args.length > 0 ? args[0] : Object.class));
        if (v == null || v.equals("") && c != String.class && c != Object.class) return c.isPrimitive() ? scalar(c.equals(boolean.class) ? Boolean.FALSE : (Object) 0, c) : null;
        if (c == Object.class) return v;
        if (c == byte[].class) return Base64.getDecoder().decode(text(v, c));
        if (c.isArray()) return array(v, c.getComponentType());
        if (Map.class.isAssignableFrom(c)) return map(v, c, args);
        if (Collection.class.isAssignableFrom(c) || c == Iterable.class) return collection(v, c, args.length > 0 ? args[0] : Object.class);
        Object s = scalar(v, c);
        return s != null ? s : v instanceof Map ? object((Map<?, ?>) v, c) : fail(v, c);
    }

    private static Object fail(Object v, Class<?> c) {
        String what = v instanceof Map ? "Object" : v instanceof List ? "Array" : v instanceof String ? "String" : v instanceof Boolean ? "Boolean" : "Number";
        throw new IllegalArgumentException("Cannot deserialize value of type `" + c.getName() + "` from " + what + " value");
    }

    private static String text(Object v, Class<?> c) {
        if (v instanceof Map || v instanceof List) fail(v, c);
        return v.toString();
    }

    /** scalar returns null for classes that are none. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Object scalar(Object v, Class<?> c) {
        if (c == String.class || c == CharSequence.class) return text(v, c);
        if (c == boolean.class || c == Boolean.class) return v instanceof Boolean ? v : v instanceof Number ? (Object) (((Number) v).intValue() != 0) : Boolean.valueOf(text(v, c).trim());
        if (c == char.class || c == Character.class) return text(v, c).charAt(0);
        if (c.isPrimitive() || Number.class.isAssignableFrom(c)) return number(v, c);
        if (c.isEnum()) {
            for (Object e : c.getEnumConstants()) if (((Enum<?>) e).name().equals(text(v, c))) return e;
            return null;
        }
        if (c == UUID.class) return UUID.fromString(text(v, c));
        if (c == ByteBuffer.class) return ByteBuffer.wrap(Base64.getDecoder().decode(text(v, c)));
        if (c == Date.class) return v instanceof Number ? new Date(millis((Number) v)) : Date.from(java.time.Instant.parse(text(v, c)));
        if (c == java.time.Instant.class && v instanceof Number) return java.time.Instant.ofEpochMilli((long) (((Number) v).doubleValue() * 1000));
        if (c.getName().startsWith("java.time.") || c.getName().equals("org.joda.time.DateTime")) {
            try {
                return c.getMethod(c.getName().startsWith("java.") ? "parse" : "parse", c.getName().startsWith("java.") ? CharSequence.class : String.class).invoke(null, text(v, c));
            } catch (ReflectiveOperationException e) {
                throw new IllegalArgumentException("Cannot deserialize value of type `" + c.getName() + "` from " + v, e);
            }
        }
        return null;
    }

    /** millis reads a time of an event, in seconds with a fraction, or in milliseconds. */
    private static long millis(Number n) {
        double d = n.doubleValue();
        return Math.abs(d) < 1e11 ? Math.round(d * 1000) : n.longValue();
    }

    private static Object number(Object v, Class<?> c) {
        BigDecimal n;
        try {
            n = new BigDecimal(text(v, c).trim());
        } catch (NumberFormatException e) {
            return fail(v, c);
        }
        if (c == int.class || c == Integer.class) return n.intValue();
        if (c == long.class || c == Long.class) return n.longValue();
        if (c == double.class || c == Double.class) return n.doubleValue();
        if (c == float.class || c == Float.class) return n.floatValue();
        if (c == short.class || c == Short.class) return n.shortValue();
        if (c == byte.class || c == Byte.class) return n.byteValue();
        if (c == BigInteger.class) return n.toBigInteger();
        return c == Number.class ? v : n;
    }

    private static Object array(Object v, Type element) {
        List<?> l = v instanceof List ? (List<?>) v : Collections.singletonList(v);
        Class<?> c = element instanceof Class ? (Class<?>) element : Object.class;
        Object a = Array.newInstance(c, l.size());
        for (int i = 0; i < l.size(); i++) Array.set(a, i, bind(l.get(i), element));
        return a;
    }

    private static Object collection(Object v, Class<?> c, Type element) {
        List<?> l = v instanceof List ? (List<?>) v : Collections.singletonList(v);
        Collection<Object> out = c.isInterface() || Modifier.isAbstract(c.getModifiers())
                ? (Set.class.isAssignableFrom(c) ? new LinkedHashSet<>() : c == java.util.Queue.class || c == java.util.Deque.class ? new java.util.ArrayDeque<>() : new ArrayList<>())
                : Beans.<Collection<Object>>create(c);
        for (Object e : l) out.add(bind(e, element));
        return out;
    }

    private static Object map(Object v, Class<?> c, Type[] args) {
        if (!(v instanceof Map)) fail(v, c);
        Map<Object, Object> out = c.isInterface() || Modifier.isAbstract(c.getModifiers())
                ? (java.util.SortedMap.class.isAssignableFrom(c) ? new java.util.TreeMap<>() : new LinkedHashMap<>())
                : Beans.<Map<Object, Object>>create(c);
        for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
            out.put(args.length == 2 ? bind(e.getKey(), args[0]) : e.getKey(), args.length == 2 ? bind(e.getValue(), args[1]) : e.getValue());
        }
        return out;
    }

    private static Object object(Map<?, ?> values, Class<?> c) {
        Object record = record(values, c);
        if (record != null) return record;
        Object o = create(c);
        // AWS names the members of its events one by one; here the case of letters does not count.
        boolean loose = c.getName().startsWith(EVENTS);
        for (Map.Entry<?, ?> e : values.entrySet()) set(o, c, e.getKey().toString(), e.getValue(), loose);
        return o;
    }

    private static void set(Object o, Class<?> c, String key, Object value, boolean loose) {
        try {
            Method best = null;
            for (Method m : c.getMethods()) {
                if (!m.getName().startsWith("set") || m.getParameterCount() != 1 || m.isBridge()) continue;
                String name = property(m.getName().substring(3));
                if (name.equals(key) || loose && name.equalsIgnoreCase(key)) {
                    best = m;
                    if (name.equals(key)) break;
                }
            }
            if (best != null) {
                best.setAccessible(true);
                best.invoke(o, bind(value, best.getGenericParameterTypes()[0]));
                return;
            }
            for (Class<?> k = c; k != null && k != Object.class; k = k.getSuperclass()) {
                for (Field f : k.getDeclaredFields()) {
                    if (Modifier.isStatic(f.getModifiers()) || !(f.getName().equals(key) || loose && f.getName().equalsIgnoreCase(key))) continue;
                    if (!loose && !Modifier.isPublic(f.getModifiers())) continue;
                    f.setAccessible(true);
                    f.set(o, bind(value, f.getGenericType()));
                    return;
                }
            }
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(String.valueOf(e.getCause()), e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalArgumentException(e.toString(), e);
        }
    }

    @SuppressWarnings("unchecked")
    private static <T> T create(Class<?> c) {
        try {
            Constructor<?> made = c.getDeclaredConstructor();
            made.setAccessible(true);
            return (T) made.newInstance();
        } catch (NoSuchMethodException e) {
            if (c.getName().startsWith(EVENTS)) return (T) allocate(c); // AWS calls constructors that it knows
            throw new IllegalArgumentException("Cannot construct instance of `" + c.getName() + "` (no Creators, like default constructor, exist)");
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("Cannot construct instance of `" + c.getName() + "`: " + (e.getCause() != null ? e.getCause() : e), e);
        }
    }

    private static Object allocate(Class<?> c) {
        try {
            Class<?> u = Class.forName("sun.misc.Unsafe");
            Field f = u.getDeclaredField("theUnsafe");
            f.setAccessible(true);
            return u.getMethod("allocateInstance", Class.class).invoke(f.get(null), c);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("Cannot construct instance of `" + c.getName() + "`", e);
        }
    }

    /** record makes an object of a record class; null for any other. */
    private static Object record(Map<?, ?> values, Class<?> c) {
        if (c.getSuperclass() == null || !c.getSuperclass().getName().equals("java.lang.Record")) return null;
        try {
            Object parts = Class.class.getMethod("getRecordComponents").invoke(c);
            Class<?>[] types = new Class<?>[Array.getLength(parts)];
            Object[] args = new Object[types.length];
            for (int i = 0; i < types.length; i++) {
                Object part = Array.get(parts, i);
                types[i] = (Class<?>) part.getClass().getMethod("getType").invoke(part);
                args[i] = bind(values.get(part.getClass().getMethod("getName").invoke(part)), (Type) part.getClass().getMethod("getGenericType").invoke(part));
            }
            Constructor<?> made = c.getDeclaredConstructor(types);
            made.setAccessible(true);
            return made.newInstance(args);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("Cannot construct instance of `" + c.getName() + "`: " + (e.getCause() != null ? e.getCause() : e), e);
        }
    }

    // ---- to JSON

    /** plain turns any object but strings, numbers, booleans and null into a map or something to iterate over. */
    static Object plain(Object o) {
        if (o == null || o instanceof String || o instanceof Number || o instanceof Boolean || o instanceof Map || o instanceof Collection) return o;
        Class<?> c = o.getClass();
        if (o instanceof Optional) return plain(((Optional<?>) o).orElse(null));
        if (o instanceof CharSequence || o instanceof Character || o instanceof UUID || o instanceof java.net.URI || o instanceof java.net.URL) return o.toString();
        if (o instanceof Enum) return ((Enum<?>) o).name();
        if (o instanceof byte[]) return Base64.getEncoder().encodeToString((byte[]) o);
        if (o instanceof ByteBuffer) {
            byte[] b = new byte[((ByteBuffer) o).remaining()];
            ((ByteBuffer) o).duplicate().get(b);
            return Base64.getEncoder().encodeToString(b);
        }
        if (o instanceof Date) return ((Date) o).getTime();
        if (o instanceof java.time.Instant) return new BigDecimal(((java.time.Instant) o).getEpochSecond() + "." + String.format("%09d", ((java.time.Instant) o).getNano()));
        if (c.isArray()) {
            List<Object> l = new ArrayList<>();
            for (int i = 0; i < Array.getLength(o); i++) l.add(Array.get(o, i));
            return l;
        }
        if (o instanceof Iterable) {
            List<Object> l = new ArrayList<>();
            for (Object e : (Iterable<?>) o) l.add(e);
            return l;
        }
        if (c.getName().startsWith("java.")) throw new IllegalStateException("The emulator cannot turn " + c.getName() + " into JSON");
        return properties(o, c);
    }

    private static Map<String, Object> properties(Object o, Class<?> c) {
        Map<String, Method> getters = new LinkedHashMap<>();
        boolean record = c.getSuperclass() != null && c.getSuperclass().getName().equals("java.lang.Record");
        Method[] methods = c.getMethods();
        Arrays.sort(methods, (a, b) -> a.getName().compareTo(b.getName()));
        for (Method m : methods) {
            if (m.getParameterCount() > 0 || Modifier.isStatic(m.getModifiers()) || m.getReturnType() == void.class || m.isBridge()) continue;
            String n = m.getName();
            if (record && m.getDeclaringClass() == c && field(c, n) != null) getters.put(n, m);
            else if (n.startsWith("get") && n.length() > 3 && !n.equals("getClass")) getters.put(property(n.substring(3)), m);
            else if (n.startsWith("is") && n.length() > 2 && (m.getReturnType() == boolean.class || m.getReturnType() == Boolean.class)) getters.putIfAbsent(property(n.substring(2)), m);
        }
        Map<String, Object> out = new LinkedHashMap<>();
        try {
            for (Field f : fields(c)) { // those with a field come in its place
                Method m = getters.remove(f.getName());
                if (m != null) {
                    m.setAccessible(true);
                    out.put(f.getName(), m.invoke(o));
                } else if (Modifier.isPublic(f.getModifiers())) {
                    f.setAccessible(true);
                    out.put(f.getName(), f.get(o));
                }
            }
            for (Map.Entry<String, Method> e : getters.entrySet()) {
                e.getValue().setAccessible(true);
                out.put(e.getKey(), e.getValue().invoke(o));
            }
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(String.valueOf(e.getCause()), e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e.toString(), e);
        }
        return out;
    }

    private static Field field(Class<?> c, String name) {
        for (Field f : fields(c)) if (f.getName().equals(name)) return f;
        return null;
    }

    private static List<Field> fields(Class<?> c) {
        List<Field> list = new ArrayList<>();
        if (c == null || c == Object.class || c.getName().startsWith("java.")) return list;
        list.addAll(fields(c.getSuperclass()));
        for (Field f : c.getDeclaredFields()) if (!Modifier.isStatic(f.getModifiers()) && !Modifier.isTransient(f.getModifiers())) list.add(f);
        return list;
    }

    /** property is the name that a getter or setter stands for: as of beans, "URL" stays. */
    private static String property(String s) {
        if (s.isEmpty() || s.length() > 1 && Character.isUpperCase(s.charAt(0)) && Character.isUpperCase(s.charAt(1))) return s;
        return Character.toLowerCase(s.charAt(0)) + s.substring(1);
    }
}
