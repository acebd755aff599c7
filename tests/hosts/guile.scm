;;; guile.scm: Guile's (system foreign): each question that docs/languages.md answers for it.
(use-modules (system foreign) (ice-9 threads) (ice-9 format))

(define FOREVER (- (expt 2 64) 1))
(define LONG 5000000000)
(define OK 0)
(define library (dynamic-link "libasynchron.so.0"))
(define given (dynamic-link "libgiven.so"))

(define (function result name . arguments)
  (pointer->procedure result (dynamic-func (string-append "asynchron_" name) library) arguments))

(define forever (function uint64 "forever"))
(define create (function '* "create" '*))
(define timer (function '* "timer" uint64))
(define wait (function int32 "wait" '* uint64))
(define cancel (function int32 "cancel" '*))
(define fail (function int32 "fail" '* int32 '*))
(define poll (function int32 "poll" '*))
(define asynchron-error (function int32 "error" '* '*))
(define call (function int32 "call" '* '* '*))
(define report-create (function '* "report_create" '* size_t))
(define report-next (function int32 "report_next" '* uint64 '*))
(define given-forever (pointer->procedure int (dynamic-func "given_forever" given) (list uint64)))

(define (outcome body)
  (let ((a (create %null-pointer)))
    (call a (procedure->pointer int32 body '(* *)) %null-pointer)
    (if (= (poll a) OK)
        "success"
        (let ((why (make-c-struct (list int32 '* '* '*) (list 0 %null-pointer %null-pointer %null-pointer))))
          (asynchron-error a why)
          (string-append "failure: "
                         (pointer->string (caddr (parse-c-struct why (list int32 '* '* '*)))))))))

(define (say-now text)
  (display text)
  (newline)
  (force-output))

(define (arrives)
  (if (and (= 1 (given-forever FOREVER)) (= OK (wait (timer 50000000) FOREVER))) "arrives" "lost"))

;; Whether another thread comes to end the wait.
(define (blocking)
  (let ((a (create %null-pointer)))
    (call-with-new-thread (lambda () (usleep 100000) (cancel a)))
    (if (= OK (wait a LONG)) "the thread" "all")))

(define (interrupt)
  (say-now "waiting")
  (wait (create %null-pointer) LONG)
  "went on")

;; A procedure must not run on our thread: a report says what is complete instead.
(define (callback)
  (let* ((a (timer 100000000))
         (report (report-create (make-c-struct '(*) (list a)) 1))
         (item (make-c-struct '(* *) (list %null-pointer %null-pointer))))
    (if (and (= OK (report-next report FOREVER item)) (equal? a (car (parse-c-struct item '(* *)))))
        "never"
        "lost")))

(define (leave)
  (let ((a (create %null-pointer)))
    (call-with-new-thread (lambda () (wait a FOREVER)))
    (usleep 300000)
    (say-now "ending")
    (exit 0)))

;; An exception must not leave the procedure: it would jump over the library, and the asynchron would stay RUNNING.
(define (catches a ctx)
  (catch #t
    (lambda () (throw 'unlucky "no luck"))
    (lambda (key message) (fail a 1 (string->pointer message)))))

(display
 (case (string->symbol (cadr (command-line)))
   ((version) (string-append "Guile " (version)))
   ((forever) (arrives))
   ((max) (forever))
   ((blocking) (blocking))
   ((interrupt) (interrupt))
   ((callback) (callback))
   ((exit) (leave))
   ((caught) (outcome catches))))
(newline)
