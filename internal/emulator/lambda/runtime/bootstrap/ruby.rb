# Runs a Ruby function over the Lambda Runtime API: loads the handler, fetches events,
# answers them. Written for the emulator; it needs nothing but Ruby.

require 'json'
require 'socket'
require 'time'
$stdout.sync = true
$stderr.sync = true

module LambdaRuntime
  PATH = '/2018-06-01/runtime'
  LEVELS = %w[TRACE DEBUG INFO WARN ERROR FATAL].freeze
  JSON_LOG = ENV['AWS_LAMBDA_LOG_FORMAT'] == 'JSON'

  # Connection is HTTP/1.1 on one socket: the library's client takes longer to load.
  class Connection
    def initialize(address)
      @address = address
      host, port = address.split(':')
      @socket = TCPSocket.new(host, port.to_i)
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    end

    def call(method, path, body = nil, headers = {})
      headers = { 'Content-Type' => 'application/json', 'Content-Length' => body.bytesize }.merge(headers) if body
      head = "#{method} #{PATH}#{path} HTTP/1.1\r\nHost: #{@address}\r\n"
      headers.each { |k, v| head << "#{k}: #{v}\r\n" }
      @socket.write((head << "\r\n").b + (body || '').b)
      line
      got = {}
      while (l = line) != ''
        k, v = l.split(':', 2)
        got[k.downcase] = v.strip
      end
      [got, @socket.read(got['content-length'].to_i)]
    end

    private

    def line
      (@socket.gets || exit!(1)).chomp # the emulator has gone
    end
  end

  # Context is what a handler gets beside its event.
  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
                :memory_limit_in_mb, :function_version, :identity, :client_context, :deadline_ms

    def initialize(headers)
      @aws_request_id = headers['lambda-runtime-aws-request-id']
      @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
      @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
      @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
      @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
      @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
      @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
      @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
      @identity = json(headers['lambda-runtime-cognito-identity'])
      @client_context = json(headers['lambda-runtime-client-context'])
    end

    def get_remaining_time_in_millis
      [@deadline_ms - (Time.now.to_f * 1000).to_i, 0].max
    end

    private

    def json(text)
      JSON.parse(text) if text
    end
  end

  # PlatformError is an error that has a name of Lambda's.
  class PlatformError < StandardError
    attr_reader :type

    def initialize(type, message, trace = [])
      super(message)
      @type = type
      set_backtrace(trace)
    end
  end

  class << self
    attr_accessor :request_id

    def shape(error)
      type = error.is_a?(PlatformError) ? error.type : "Function<#{error.class}>"
      trace = (error.backtrace || []).reject { |l| l.start_with?(__FILE__) || l.include?('<internal:') }
      { errorMessage: error.message, errorType: type, stackTrace: trace }
    end

    def log_error(shape)
      if JSON_LOG
        $stdout.puts(JSON.generate({ timestamp: Time.now.utc.iso8601(3), log_level: 'ERROR', requestId: request_id }.compact.merge(shape)))
      else
        $stdout.puts("Error raised from handler method\r#{JSON.generate(shape)}")
      end
    end

    # load_handler finds file.method or file.Class.method.
    def load_handler(name)
      file, *rest = name.split('.')
      unless file && rest.length.between?(1, 2)
        raise PlatformError.new('Init<ArgumentError>', "Invalid handler #{name}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method.")
      end
      begin
        require File.join(ENV['LAMBDA_TASK_ROOT'], file)
      rescue LoadError => e
        raise PlatformError.new('Init<LoadError>', e.message, e.backtrace)
      rescue SyntaxError => e
        raise PlatformError.new('Init<SyntaxError>', e.message, e.backtrace)
      rescue StandardError => e
        raise PlatformError.new("Init<#{e.class}>", e.message, e.backtrace)
      end
      method = rest.last.to_sym
      owner = rest.length == 2 ? Kernel.const_get(rest.first) : Object.new
      raise PlatformError.new('Init<NameError>', "undefined method `#{method}' for #{rest.first}") unless owner.respond_to?(method, true)

      ->(event, context) { owner.send(method, event: event, context: context) }
    end

    # answer_of is the handler's result as JSON; a stream is sent as it is.
    def answer_of(result)
      return result.read if result.respond_to?(:read)

      JSON.generate(result, max_nesting: false)
    rescue StandardError => e
      raise PlatformError.new('Function<Serialization>', "Unable to serialize the response: #{e.message}")
    end

    def serve
      api = Connection.new(ENV['AWS_LAMBDA_RUNTIME_API'])
      begin
        handler = load_handler(ENV['_HANDLER'])
      rescue Exception => e # rubocop:disable Lint/RescueException
        raise if e.is_a?(SystemExit)

        fail_with(api, '/init/error', e)
        exit!(1)
      end
      loop { serve_one(api, handler) }
    end

    def serve_one(api, handler)
      headers, body = api.call('GET', '/invocation/next')
      self.request_id = headers['lambda-runtime-aws-request-id'] || exit!(1)
      ENV['_X_AMZN_TRACE_ID'] = headers['lambda-runtime-trace-id']
      path = "/invocation/#{request_id}"
      begin
        out = answer_of(handler.call(JSON.parse(body.force_encoding('UTF-8'), max_nesting: false), Context.new(headers)))
      rescue SystemExit, SignalException
        raise
      rescue Exception => e # rubocop:disable Lint/RescueException
        return fail_with(api, "#{path}/error", e)
      end
      api.call('POST', "#{path}/response", out)
    end

    def fail_with(api, path, error)
      shape = shape(error)
      log_error(shape)
      api.call('POST', path, JSON.generate(shape), 'Lambda-Runtime-Function-Error-Type' => shape[:errorType].gsub(/[^ -~]/, '?'))
    end
  end
end

# In functions Logger writes in the form of the log.
module LambdaLogger
  def initialize(target, *args, **options)
    super
    return unless [$stdout, $stderr, STDOUT, STDERR].include?(target)

    if LambdaRuntime::JSON_LOG
      least = LambdaRuntime::LEVELS.index(ENV['AWS_LAMBDA_LOG_LEVEL'])
      self.level = [least - 1, 0].max if least
      self.formatter = proc do |severity, time, program, message|
        line = { timestamp: time.utc.iso8601(3), level: severity, requestId: LambdaRuntime.request_id, program: program, message: message }
        if message.is_a?(Exception)
          line.merge!(message: message.message, errorType: message.class.to_s, errorMessage: message.message, stackTrace: message.backtrace)
        end
        "#{JSON.generate(line.compact)}\n"
      end
    elsif !options.key?(:formatter)
      self.formatter = proc do |severity, time, program, message|
        text = message.is_a?(Exception) ? message.full_message(highlight: false).gsub("\n", "\r") : message
        format("%s, [%s #%d] %5s %s -- %s: %s\n", severity[0], time.strftime('%Y-%m-%dT%H:%M:%S.%6N'), Process.pid, severity, LambdaRuntime.request_id, program, text)
      end
    end
  end
end

require 'logger'
Logger.prepend(LambdaLogger)
LambdaRuntime.serve
