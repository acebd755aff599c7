# frozen_string_literal: true

# The programs of the README and of the guide run, and print what stands below them.
require_relative 'helper'
require 'tempfile'

class TestSamples < Minitest::Test
  folder = File.expand_path('..', __dir__)
  guide = ENV['ASYNCHRON_GUIDE'] || File.join(folder, '../../docs/guide/ruby.md')
  [File.join(folder, 'README.md'), guide].each do |page|
    text = File.read(page)
    samples = text.scan(/^```ruby\n(.*?)^```\n\n```text\n(.*?)^```$/m)
    raise "a program of #{page} has no output" if samples.size != text.scan(/^```ruby$/).size || samples.empty?

    samples.each do |sample, output|
      line = text[0, text.index(sample)].count("\n") + 1
      define_method("test_#{File.basename(page)}_line_#{line}") do
        Tempfile.create(['sample', '.rb']) do |file|
          file.write(sample)
          file.close
          Timeout.timeout(LIMIT) do
            printed, status = Open3.capture2e(RbConfig.ruby, '-W', file.path)
            assert_equal output, printed
            assert status.success?
          end
        end
      end
    end
  end
end
