# frozen_string_literal: true

class Asynchron
  # What all errors of the package are.
  class Error < StandardError
    # The code, and whose code that is.
    attr_reader :code, :domain

    def initialize(message = nil, code: 0, domain: '')
      super(message)
      @code = code
      @domain = domain
    end
  end

  # It failed. If that was by an exception of this process, the exception is its cause.
  class Failure < Error
    def initialize(message = nil, code: 1, domain: '')
      super
    end
  end

  # It was cancelled. The message is the reason.
  class Cancelled < Error; end

  # The time of a wait was over, and the asynchron goes on; or its own time was, and it failed.
  class TimedOut < Error; end

  # A call that cannot be; the code is the status.
  class Refused < Error; end

  # Exceptions on their way to C and back.
  module Errors # :nodoc:
    class << self
      # The status of a call that may not be refused.
      def accepted(status)
        return status if status >= 0
        raise NoMemoryError, 'asynchron: out of memory' if status == C::E_NOMEM

        raise Refused.new(C.text(C.status_string(status)), code: status, domain: 'asynchron')
      end

      # A text for C, in UTF-8, which ends at the first zero byte: such a byte becomes the two characters \0.
      def text(value)
        text = value.to_s
        text = text.encode(Encoding::UTF_8) unless [Encoding::UTF_8, Encoding::BINARY].include?(text.encoding)
        text.b.gsub("\0".b) { '\0' }
      rescue StandardError
        'a text that cannot be read'
      end

      # Delivers an exception, or a text. Returns the status and its token.
      def deliver(address, error)
        error = Failure.new(error) if error.is_a?(String)
        raise TypeError, 'an exception or a text is wanted' unless error.is_a?(Exception)

        token = Objects.keep(error)
        [C.fail_with(address, code(error), text(domain(error)), text(message(error)), token, C::DROP.to_i), token]
      end

      # What is raised for one that failed or was cancelled.
      def of(address, status)
        out = "\0" * 32
        accepted(C.error(address, out))
        code, domain, message, payload = out.unpack('l x4 J3')
        domain = C.text(domain)
        error = kind(status, code, domain).new(C.text(message), code: code, domain: domain)
        original = payload.zero? ? Objects::NONE : Objects.at(payload)
        [error, original.equal?(Objects::NONE) ? nil : original]
      end

      private

      def kind(status, code, domain)
        return Cancelled if status == C::CANCELLED

        domain == 'asynchron' && code == C::TIMEOUT ? TimedOut : Failure
      end

      def message(error)
        error.message
      rescue StandardError
        "a #{error.class} without a message"
      end

      # The number of a system's error, or what the exception itself says is its code.
      def code(error)
        code = error.is_a?(SystemCallError) ? error.errno : (error.code if error.respond_to?(:code))
        code.is_a?(Integer) && code.between?(-2**31, 2**31 - 1) ? code : 1
      rescue StandardError
        1
      end

      # Its class, unless it says whose code it is.
      def domain(error)
        domain = error.domain if error.respond_to?(:domain)
        domain.is_a?(String) && !domain.empty? ? domain : "ruby.#{error.class}"
      rescue StandardError
        'ruby'
      end
    end
  end
end
