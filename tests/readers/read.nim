## Names what it uses of asynchron.h, which the C compiler then reads.
type
  Asynchron {.importc: "asynchron_t", header: "asynchron.h", incompleteStruct.} = object
  Value {.importc: "asynchron_value_t", header: "asynchron.h".} = object
    data: pointer
    len: csize_t

let
  ok {.importc: "ASYNCHRON_OK", header: "asynchron.h".}: cint
  forever {.importc: "ASYNCHRON_FOREVER", header: "asynchron.h".}: uint64

proc create(name: cstring): ptr Asynchron {.importc: "asynchron_create", header: "asynchron.h".}
proc setBytes(a: ptr Asynchron, data: pointer, len: csize_t): cint {.importc: "asynchron_set_bytes",
    header: "asynchron.h".}
proc getTimeout(a: ptr Asynchron, timeout: uint64, value: ptr Value): cint {.importc: "asynchron_get_timeout",
    header: "asynchron.h".}
proc release(a: ptr Asynchron) {.importc: "asynchron_release", header: "asynchron.h".}

let a = create("answer")
var n: cint = 42
doAssert setBytes(a, addr n, csize_t(sizeof n)) == ok
var value: Value
doAssert getTimeout(a, forever, addr value) == ok
doAssert value.len == csize_t(sizeof n) and cast[ptr cint](value.data)[] == n
release(a)
echo "read by importc"
