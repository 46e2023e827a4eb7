package tfserverless;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs a Java function over the Lambda Runtime API: loads the handler, fetches events,
 * answers them. Written for the emulator; it needs nothing but a JRE of version 8. Its
 * own classes are not seen by the function, whose class loader has another parent.
 */
public final class Bootstrap {
    private static final String API = "/2018-06-01/runtime";

    public static void main(String[] args) throws Throwable {
        if (args.length > 0 && args[0].equals("--train")) {
            train();
            return;
        }
        serve(System.getenv("AWS_LAMBDA_RUNTIME_API"), classLoader(System.getenv("LAMBDA_TASK_ROOT"), args[0]), System.getenv("_HANDLER"));
    }

    /** classLoader sees the package, the jars in its folder lib, and those of layers. */
    private static ClassLoader classLoader(String root, String layers) throws Exception {
        List<URL> path = new ArrayList<>();
        path.add(new File(root + "/").toURI().toURL());
        for (String dir : new String[] {root + "/lib", layers + "/java/lib"}) {
            File[] files = new File(dir).listFiles();
            if (files == null) continue;
            Arrays.sort(files);
            for (File f : files) if (f.getName().endsWith(".jar")) path.add(f.toURI().toURL());
        }
        ClassLoader loader = new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getSystemClassLoader().getParent());
        Thread.currentThread().setContextClassLoader(loader);
        return loader;
    }

    private static void serve(String address, ClassLoader loader, String name) throws Exception {
        Connection api = new Connection(address);
        Handler handler;
        try {
            handler = Handler.load(loader, name);
        } catch (Throwable t) {
            Failure f = Failure.of(t);
            f.log(null);
            api.post(API + "/init/error", f.body(), f.type());
            System.exit(1);
            return;
        }
        for (;;) {
            Response next = api.call("GET", API + "/invocation/next", null, null);
            String id = next.headers.get("lambda-runtime-aws-request-id");
            if (id == null) System.exit(1);
            String trace = next.headers.get("lambda-runtime-trace-id");
            if (trace != null) System.setProperty("com.amazonaws.xray.traceHeader", trace);
            else System.clearProperty("com.amazonaws.xray.traceHeader");
            byte[] body;
            try {
                body = handler.run(next.body, next.headers);
            } catch (Throwable t) {
                Failure f = Failure.of(t);
                f.log(id);
                System.out.flush();
                api.post(API + "/invocation/" + id + "/error", f.body(), f.type());
                if (f.fatal()) System.exit(1);
                continue;
            }
            System.out.flush();
            api.post(API + "/invocation/" + id + "/response", body, null);
        }
    }

    /** train uses what a function needs, so that an archive of the loaded classes has it. */
    private static void train() throws Throwable {
        ServerSocket server = new ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
        Thread answers = new Thread(() -> {
            try (Socket s = server.accept()) {
                InputStream in = s.getInputStream();
                byte[] b = new byte[4096];
                String event = "{\"name\":\"n\",\"list\":[1,2.5,true,null,{\"name\":\"x\"}]}";
                in.read(b);
                s.getOutputStream().write(("HTTP/1.1 200 OK\r\nContent-Length: " + event.length()
                        + "\r\nLambda-Runtime-Aws-Request-Id: r\r\nLambda-Runtime-Deadline-Ms: 1\r\n\r\n" + event).getBytes(StandardCharsets.UTF_8));
                in.read(b);
                s.getOutputStream().write("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.UTF_8));
                in.read(b);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        answers.setDaemon(true);
        answers.start();
        Connection api = new Connection("127.0.0.1:" + server.getLocalPort());
        Response next = api.call("GET", API + "/invocation/next", null, null);
        classLoader(System.getProperty("java.io.tmpdir"), System.getProperty("java.io.tmpdir"));
        Handler h = Handler.load(Bootstrap.class.getClassLoader(), "tfserverless.Bootstrap$Sample::handle");
        byte[] out = h.run(next.body, next.headers);
        Contexts.of(java.util.concurrent.Callable.class, next.headers).toString();
        Failure.of(new IllegalStateException("x")).body();
        api.post(API + "/invocation/r/response", out, null);
    }

    /** Sample is the function that train runs. */
    public static final class Sample {
        public String name;
        private List<Object> list;

        public List<Object> getList() {
            return list;
        }

        public void setList(List<Object> list) {
            this.list = list;
        }

        public static Map<String, Object> handle(Sample in) {
            Map<String, Object> out = new LinkedHashMap<>();
            out.put(in.name, in);
            return out;
        }
    }

    static final class Response {
        final Map<String, String> headers;
        final byte[] body;

        Response(Map<String, String> headers, byte[] body) {
            this.headers = headers;
            this.body = body;
        }
    }

    /** Connection is HTTP/1.1 on one socket: the library's client takes far longer to load. */
    static final class Connection {
        private final String address;
        private final InputStream in;
        private final OutputStream out;

        Connection(String address) throws Exception {
            this.address = address;
            int colon = address.lastIndexOf(':');
            Socket s = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
            s.setTcpNoDelay(true);
            in = new java.io.BufferedInputStream(s.getInputStream(), 16384);
            out = s.getOutputStream();
        }

        Response post(String path, byte[] body, String errorType) throws Exception {
            return call("POST", path, body, errorType);
        }

        Response call(String method, String path, byte[] body, String errorType) throws Exception {
            StringBuilder head = new StringBuilder(256);
            head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: ").append(address).append("\r\n");
            if (body != null) head.append("Content-Type: application/json\r\nContent-Length: ").append(body.length).append("\r\n");
            if (errorType != null) head.append("Lambda-Runtime-Function-Error-Type: ").append(errorType).append("\r\n");
            byte[] h = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
            byte[] all = body == null ? h : Arrays.copyOf(h, h.length + body.length);
            if (body != null) System.arraycopy(body, 0, all, h.length, body.length);
            out.write(all);
            out.flush();
            line();
            Map<String, String> headers = new LinkedHashMap<>();
            for (String l = line(); !l.isEmpty(); l = line()) {
                int colon = l.indexOf(':');
                headers.put(l.substring(0, colon).toLowerCase(java.util.Locale.ROOT), l.substring(colon + 1).trim());
            }
            String length = headers.get("content-length");
            byte[] data = new byte[length == null ? 0 : Integer.parseInt(length)];
            for (int at = 0; at < data.length; ) {
                int n = in.read(data, at, data.length - at);
                if (n < 0) System.exit(1);
                at += n;
            }
            return new Response(headers, data);
        }

        private String line() throws Exception {
            ByteArrayOutputStream b = new ByteArrayOutputStream(128);
            for (int c = in.read(); c != '\n'; c = in.read()) {
                if (c < 0) System.exit(1); // the emulator has gone
                if (c != '\r') b.write(c);
            }
            return b.toString("UTF-8");
        }
    }
}
