(* OCaml's ctypes: each question that docs/languages.md answers for it. *)
open Ctypes

let forever = Unsigned.UInt64.max_int
let long = Unsigned.UInt64.of_int 5_000_000_000
let ok = 0l
let library = Dl.dlopen ~filename:"libasynchron.so.0" ~flags:[ Dl.RTLD_NOW ]
let given = Dl.dlopen ~filename:"libgiven.so" ~flags:[ Dl.RTLD_NOW ]

(* What may wait, or call back, lets the other threads of OCaml's go on meanwhile. *)
let lone name = Foreign.foreign ~from:library ~release_runtime_lock:true ("asynchron_" ^ name)
let plain name = Foreign.foreign ~from:library ("asynchron_" ^ name)
let forever_of = plain "forever" (void @-> returning uint64_t)
let create = plain "create" (string_opt @-> returning (ptr void))
let timer = plain "timer" (uint64_t @-> returning (ptr void))
let wait = lone "wait" (ptr void @-> uint64_t @-> returning int32_t)
let wait_and_hold = plain "wait" (ptr void @-> uint64_t @-> returning int32_t)
let cancel = plain "cancel" (ptr void @-> returning int32_t)
let fail = plain "fail" (ptr void @-> int32_t @-> string @-> returning int32_t)
let poll = plain "poll" (ptr void @-> returning int32_t)
let fn = Foreign.funptr (ptr void @-> ptr void @-> returning int32_t)
let call = plain "call" (ptr void @-> fn @-> ptr void @-> returning int32_t)

(* Our threads are unknown to OCaml until they are registered. *)
let notify_fn =
  Foreign.funptr ~runtime_lock:true ~thread_registration:true (ptr void @-> ptr void @-> returning void)

let notify = plain "notify" (ptr void @-> notify_fn @-> ptr void @-> returning int32_t)
let given_forever = Foreign.foreign ~from:given "given_forever" (uint64_t @-> returning int)

type error

let error : error structure typ = structure "asynchron_error_t"
let _code = field error "code" int32_t
let _domain = field error "domain" string_opt
let message = field error "message" string
let _payload = field error "payload" (ptr void)
let () = seal error
let error_of = plain "error" (ptr void @-> ptr error @-> returning int32_t)
let timer_of milliseconds = timer (Unsigned.UInt64.of_int (milliseconds * 1_000_000))

let outcome f =
  let a = create None in
  ignore (call a f null);
  if poll a = ok then "success"
  else
    let why = make error in
    ignore (error_of a (addr why));
    "failure: " ^ getf why message

let arrives () = if given_forever forever = 1 && wait (timer_of 50) forever = ok then "arrives" else "lost"

(* Whether another thread comes to end the wait. *)
let is_ended wait limit =
  let a = create None in
  ignore (Thread.create (fun () -> Thread.delay 0.1; cancel a) ());
  wait a limit = ok

let blocking () =
  if is_ended wait_and_hold (Unsigned.UInt64.of_int 1_000_000_000) then "none"
  else if is_ended wait long then "the thread"
  else "all"

let interrupt () =
  print_endline "waiting";
  ignore (wait (create None) long);
  "went on"

let told = Atomic.make false
let tell _ _ = Atomic.set told true

let callback () =
  ignore (notify (timer_of 100) tell null);
  let rec look n =
    if Atomic.get told then "works" else if n = 0 then "lost" else (Thread.delay 0.01; look (n - 1))
  in
  look 1000

let leave () =
  let a = create None in
  ignore (Thread.create (fun () -> wait a forever) ());
  Thread.delay 0.3;
  print_endline "ending";
  exit 0

(* An exception must not leave the function: it would jump over the library, and the asynchron would stay RUNNING. *)
let catches a _ = try failwith "no luck" with Failure message -> fail a 1l message

let () =
  print_endline
    (match Sys.argv.(1) with
    | "version" -> "OCaml " ^ Sys.ocaml_version
    | "forever" -> arrives ()
    | "max" -> Unsigned.UInt64.to_string (forever_of ())
    | "blocking" -> blocking ()
    | "interrupt" -> interrupt ()
    | "callback" -> callback ()
    | "exit" -> leave ()
    | "caught" -> outcome catches
    | _ -> "unknown")
