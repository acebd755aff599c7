# frozen_string_literal: true

# Ctrl-C, and the end of the process.
require_relative 'helper'

class TestProcess < Minitest::Test
  %w[get timed report all spawned].each do |how|
    define_method("test_ctrl_c_ends_a_wait_#{how}_and_all_is_whole") do
      printed, status = program('interrupted.rb', how) do |pid|
        sleep 0.1
        Process.kill(:INT, pid)
      end
      assert_equal "waits\ninterrupted\nwhole\n", printed
      assert status.success?
    end
  end

  { 'exit' => 3, 'exit!' => 3, 'raise' => 1, 'at_exit' => 3, 'falls' => 0 }.each do |how, code|
    define_method("test_the_process_ends_while_waits_are_open_#{how}") do
      printed, status = program('leaves.rb', how)
      assert_match(how == 'raise' ? /\Awaits\n.*out \(RuntimeError\)$/ : /\Awaits\n\z/, printed)
      assert_equal code, status.exitstatus
    end
  end

  def test_a_signal_ends_the_process_while_waits_are_open
    _, status = program('leaves.rb', 'signal') { |pid| Process.kill(:TERM, pid) }
    assert_equal Signal.list['TERM'], status.termsig
  end
end
