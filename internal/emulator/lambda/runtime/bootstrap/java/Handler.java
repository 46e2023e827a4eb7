package tfserverless;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** Handler is the method of a function, found by its name: package.Class or package.Class::method. */
final class Handler {
    private static final String API = "com.amazonaws.services.lambda.runtime.";

    private final Object target;
    private final Method method;
    private final Type input; // null for a stream or for no event
    private final Class<?> context; // the function's own interface of that name; null if it wants none
    private final boolean streams;

    private Handler(Object target, Method method, Type input, Class<?> context, boolean streams) {
        this.target = target;
        this.method = method;
        this.input = input;
        this.context = context;
        this.streams = streams;
    }

    static Handler load(ClassLoader loader, String name) throws Throwable {
        String className = name, methodName = null;
        int colons = name.indexOf("::");
        if (colons >= 0) {
            className = name.substring(0, colons);
            methodName = name.substring(colons + 2);
        }
        Class<?> c;
        try {
            c = loader.loadClass(className);
        } catch (ClassNotFoundException | NoClassDefFoundError e) {
            if (e instanceof NoClassDefFoundError) throw e;
            throw new ClassNotFoundException("Class not found: " + className, null);
        }
        if (methodName == null || methodName.equals("handleRequest")) {
            Class<?> request = interfaceOf(c, API + "RequestHandler");
            if (request != null) return requestHandler(c, request);
            Class<?> stream = interfaceOf(c, API + "RequestStreamHandler");
            if (stream != null) {
                Class<?> context = loader.loadClass(API + "Context");
                return new Handler(create(c), open(stream.getMethod("handleRequest", InputStream.class, OutputStream.class, context)), null, context, true);
            }
            if (methodName == null) {
                throw new NoSuchMethodException("Class " + className + " does not implement an appropriate handler interface");
            }
        }
        return methodHandler(c, methodName);
    }

    private static Handler requestHandler(Class<?> c, Class<?> request) throws Throwable {
        Map<TypeVariable<?>, Type> known = new HashMap<>();
        collect(c, known);
        Type in = resolve(request.getTypeParameters()[0], known);
        Method m = request.getMethods()[0];
        for (Method candidate : request.getMethods()) if (candidate.getName().equals("handleRequest")) m = candidate;
        return new Handler(create(c), open(m), in, m.getParameterTypes()[1], false);
    }

    private static Handler methodHandler(Class<?> c, String name) throws Throwable {
        Method best = null;
        for (Method m : c.getMethods()) {
            if (!m.getName().equals(name) || m.isBridge() || !suits(m)) continue;
            if (best == null || m.getParameterCount() > best.getParameterCount()) best = m;
        }
        if (best == null) {
            throw new NoSuchMethodException("No public method named " + name + " with appropriate method signature found on class " + c);
        }
        Class<?>[] p = best.getParameterTypes();
        boolean streams = p.length >= 2 && p[0] == InputStream.class && p[1] == OutputStream.class;
        Class<?> last = p.length > 0 ? p[p.length - 1] : null;
        Class<?> context = last != null && last.getName().equals(API + "Context") ? last : null;
        int plain = p.length - (context == null ? 0 : 1);
        Type in = streams || plain == 0 ? null : best.getGenericParameterTypes()[0];
        Object target = Modifier.isStatic(best.getModifiers()) ? null : create(c);
        return new Handler(target, open(best), in, context, streams);
    }

    /** suits reports whether Lambda would call the method. */
    private static boolean suits(Method m) {
        Class<?>[] p = m.getParameterTypes();
        int n = p.length;
        if (n > 0 && p[n - 1].getName().equals(API + "Context")) n--;
        return n <= 1 || n == 2 && p[0] == InputStream.class && p[1] == OutputStream.class;
    }

    private static Method open(Method m) {
        m.setAccessible(true); // the class itself need not be public
        return m;
    }

    private static Object create(Class<?> c) throws Throwable {
        try {
            java.lang.reflect.Constructor<?> made = c.getDeclaredConstructor();
            made.setAccessible(true);
            return made.newInstance();
        } catch (NoSuchMethodException e) {
            throw new NoSuchMethodException("Class " + c.getName() + " has no public zero-argument constructor");
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static Class<?> interfaceOf(Class<?> c, String name) {
        for (Class<?> k = c; k != null; k = k.getSuperclass()) {
            for (Class<?> i : k.getInterfaces()) {
                Class<?> found = i.getName().equals(name) ? i : interfaceOf(i, name);
                if (found != null) return found;
            }
        }
        return null;
    }

    /** collect notes what the type variables of the class's parents stand for. */
    private static void collect(Class<?> c, Map<TypeVariable<?>, Type> known) {
        if (c == null) return;
        java.util.List<Type> parents = new java.util.ArrayList<>(java.util.Arrays.asList(c.getGenericInterfaces()));
        if (c.getGenericSuperclass() != null) parents.add(c.getGenericSuperclass());
        for (Type t : parents) {
            if (t instanceof ParameterizedType) {
                ParameterizedType p = (ParameterizedType) t;
                TypeVariable<?>[] names = ((Class<?>) p.getRawType()).getTypeParameters();
                for (int i = 0; i < names.length; i++) known.put(names[i], p.getActualTypeArguments()[i]);
                collect((Class<?>) p.getRawType(), known);
            } else {
                collect((Class<?>) t, known);
            }
        }
    }

    private static Type resolve(Type t, Map<TypeVariable<?>, Type> known) {
        for (int i = 0; i < 100 && t instanceof TypeVariable; i++) t = known.get(t);
        return t == null || t instanceof TypeVariable ? Object.class : t;
    }

    /** run calls the method with the event and returns its answer. */
    byte[] run(byte[] event, Map<String, String> headers) throws Throwable {
        Object ctx = context == null ? null : Contexts.of(context, headers);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Object[] args = new Object[method.getParameterCount()];
        int n = 0;
        if (streams) {
            args[n++] = new ByteArrayInputStream(event);
            args[n++] = out;
        } else if (input != null) {
            args[n++] = parse(event);
        } else if (args.length > (context == null ? 0 : 1)) {
            args[n++] = null;
        }
        if (n < args.length) args[n] = ctx;
        Object result;
        try {
            result = method.invoke(target, args);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
        if (streams) return out.toByteArray();
        if (method.getReturnType() == void.class) return "null".getBytes(StandardCharsets.UTF_8);
        return Json.write(result).getBytes(StandardCharsets.UTF_8);
    }

    private Object parse(byte[] event) {
        try {
            return Beans.bind(Json.parse(new String(event, StandardCharsets.UTF_8)), input);
        } catch (IllegalArgumentException e) {
            throw new RuntimeException("An error occurred during JSON parsing", e);
        }
    }
}
