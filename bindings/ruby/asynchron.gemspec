# frozen_string_literal: true

require_relative 'lib/asynchron/version'

Gem::Specification.new do |gem|
  gem.name = 'asynchron'
  gem.version = Asynchron::VERSION
  gem.summary = 'A value that arrives later: wait for what threads of C, C++ or Rust deliver'
  gem.description = 'Ruby over the C library asynchron, by fiddle: values that threads of other languages deliver.'
  gem.authors = ['The asynchron project']
  gem.licenses = %w[MIT Apache-2.0]
  gem.required_ruby_version = '>= 3.1'
  gem.files = Dir['lib/**/*.rb', 'README.md', 'LICENSE-*', base: __dir__]
  gem.require_paths = ['lib']
end
