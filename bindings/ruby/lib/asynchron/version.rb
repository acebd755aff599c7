# frozen_string_literal: true

class Asynchron
  VERSION = '0.2.0' # of the package
end
