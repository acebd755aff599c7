# frozen_string_literal: true

class Asynchron
  # Values on their way to C and back: as bytes, as numbers, or by handle.
  module Values # :nodoc:
    NUMBERS = { u64: ['Q', 0..2**64 - 1], i64: ['q', -2**63..2**63 - 1], f64: ['d', nil] }.freeze
    KINDS = [nil, :bytes, :text, *NUMBERS.keys].freeze

    class << self
      def check(kind)
        raise ArgumentError, "no such kind: #{kind.inspect}" unless KINDS.include?(kind)

        kind
      end

      # Returns the status, and the token of what Ruby keeps.
      def deliver(address, kind, value)
        bytes = kind ? bytes_of(kind, value) : plain_bytes(value)
        return C.set_bytes(address, bytes, bytes.bytesize) if bytes

        token = Objects.keep(value)
        [C.set_pointer(address, token, C::DROP.to_i), token]
      end

      # Of the two words of an asynchron_value_t.
      def collect(kind, data, size)
        return number(kind, data, size) if NUMBERS.key?(kind)
        return Fiddle::Pointer.new(data)[0, size].force_encoding(encoding(kind)) if size.positive?
        return String.new(encoding: encoding(kind)) if kind
        return nil if data.zero?

        object = Objects.at(data)
        object.equal?(Objects::NONE) ? Fiddle::Pointer.new(data) : object
      end

      private

      def encoding(kind)
        kind == :text ? Encoding::UTF_8 : Encoding::BINARY
      end

      # Bytes without a kind: a String that is not a text, and nothing at all. An empty one would come back as nil.
      def plain_bytes(value)
        return '' if value.nil?

        value if value.instance_of?(String) && value.encoding == Encoding::BINARY && !value.empty?
      end

      def bytes_of(kind, value)
        letter, range = NUMBERS[kind]
        if letter.nil?
          raise TypeError, "a String is wanted, not #{value.class}" unless value.is_a?(String)

          kind == :text ? value.encode(Encoding::UTF_8) : value
        elsif range
          raise TypeError, "an Integer is wanted, not #{value.class}" unless value.is_a?(Integer)
          raise RangeError, "#{value} is no #{kind}" unless range.cover?(value)

          [value].pack(letter)
        else
          [Float(value)].pack(letter)
        end
      end

      def number(kind, data, size)
        raise TypeError, "a value of #{size} bytes is no #{kind}" unless size == 8

        Fiddle::Pointer.new(data)[0, 8].unpack1(NUMBERS[kind].first)
      end
    end
  end
end
