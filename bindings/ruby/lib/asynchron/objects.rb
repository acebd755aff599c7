# frozen_string_literal: true

class Asynchron
  # Objects of Ruby that C keeps, by the address of a token.
  #
  # The token is an asynchron, which serves for its count of references alone: the table has one, and C another, which
  # it gives up by asynchron_drop(), on whatever thread. So no Ruby runs when C is done with an object; the table finds
  # out later that nobody else holds the token.
  module Objects # :nodoc:
    NONE = Object.new.freeze
    SMALLEST = 256
    @objects = {}
    @limit = SMALLEST
    # Held by whoever forgets. Nobody waits for it: a trap handler, which may not, can deliver, too.
    @forgetting = Mutex.new

    class << self
      # The token has a reference for C, to be handed over with C::DROP.
      def keep(object)
        sweep if @objects.size >= @limit
        token = C.create(nil)
        raise NoMemoryError, 'asynchron: out of memory' if token.zero?

        C.retain(token)
        @objects[token] = object
        token
      end

      # What it is, or NONE.
      def at(address)
        @objects.fetch(address, NONE)
      end

      # Forgets one if C is done with it.
      def forget(token)
        alone { drop(token) } if token
      end

      # How many there are, of those that C has.
      def count
        sweep
        @objects.size
      end

      private

      # Each is looked at once for each that was added, at most.
      def sweep
        alone do
          @objects.keys.each { |token| drop(token) }
          @limit = [SMALLEST, 2 * @objects.size].max
        end
      end

      def alone
        return unless @forgetting.try_lock

        begin
          yield
        ensure
          @forgetting.unlock
        end
      end

      def drop(token)
        return if C.is_shared(token) != 0
        return unless @objects.key?(token)

        @objects.delete(token)
        C.release(token)
      end
    end
  end
end
