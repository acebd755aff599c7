;;; sbcl.lisp: SBCL's sb-alien: each question that docs/languages.md answers for it.
(defconstant +forever+ (1- (expt 2 64)))
(defconstant +long+ 5000000000)
(defconstant +ok+ 0)
(load-shared-object "libasynchron.so.0")
(load-shared-object "libgiven.so")

(defmacro declare-routine (name result &rest types)
  `(define-alien-routine ,name ,result
     ,@(loop for type in types collect (list (gensym) type))))

(declare-routine "asynchron_forever" unsigned-long)
(declare-routine "asynchron_create" system-area-pointer c-string)
(declare-routine "asynchron_timer" system-area-pointer unsigned-long)
(declare-routine "asynchron_wait" int system-area-pointer unsigned-long)
(declare-routine "asynchron_cancel" int system-area-pointer)
(declare-routine "asynchron_fail" int system-area-pointer int c-string)
(declare-routine "asynchron_poll" int system-area-pointer)
(declare-routine "asynchron_error" int system-area-pointer (* t))
(declare-routine "asynchron_call" int system-area-pointer system-area-pointer unsigned-long)
(declare-routine "asynchron_notify" int system-area-pointer system-area-pointer unsigned-long)
(declare-routine "given_forever" int unsigned-long)

(defun timer-of (milliseconds)
  (asynchron-timer (* milliseconds 1000000)))

(define-alien-type asynchron-error-t
    (struct asynchron-error-t (code int) (domain c-string) (message c-string) (payload (* t))))

(defun outcome (function)
  (let ((a (asynchron-create nil)))
    (asynchron-call a (alien-sap (alien-callable-function function)) 0)
    (if (= (asynchron-poll a) +ok+)
        "success"
        (with-alien ((why asynchron-error-t))
          (asynchron-error a (addr why))
          (concatenate 'string "failure: " (slot why 'message))))))

(defun arrives ()
  (if (and (= 1 (given-forever +forever+)) (= +ok+ (asynchron-wait (timer-of 50) +forever+))) "arrives" "lost"))

;; Whether another thread comes to end the wait.
(defun blocking ()
  (let ((a (asynchron-create nil)))
    (sb-thread:make-thread (lambda () (sleep 0.1) (asynchron-cancel a)))
    (if (= +ok+ (asynchron-wait a +long+)) "the thread" "all")))

(defun say-now (text)
  (format t "~a~%" text)
  (finish-output))

(defun interrupt ()
  (say-now "waiting")
  (asynchron-wait (asynchron-create nil) +long+)
  "went on")

(defvar *done* (sb-thread:make-semaphore))

(define-alien-callable told void ((a system-area-pointer) (ctx unsigned-long))
  (sb-thread:signal-semaphore *done*))

(defun callback ()
  (asynchron-notify (timer-of 100) (alien-sap (alien-callable-function 'told)) 0)
  (if (sb-thread:wait-on-semaphore *done* :timeout 10) "works" "lost"))

(defun leave ()
  (let ((a (asynchron-create nil)))
    (sb-thread:make-thread (lambda () (asynchron-wait a +forever+)))
    (sleep 0.3)
    (say-now "ending")
    (exit)))

;; A condition must not leave the function: it would jump over the library, and the asynchron would stay RUNNING.
(define-alien-callable catches int ((a system-area-pointer) (ctx unsigned-long))
  (handler-case (error "no luck")
    (error (e) (asynchron-fail a 1 (princ-to-string e)))))

(say-now
 (let ((question (second *posix-argv*)))
   (flet ((is (name) (string= question name)))
     (cond ((is "version") (format nil "SBCL ~a" (lisp-implementation-version)))
           ((is "forever") (arrives))
           ((is "max") (asynchron-forever))
           ((is "blocking") (blocking))
           ((is "interrupt") (interrupt))
           ((is "callback") (callback))
           ((is "exit") (leave))
           ((is "caught") (outcome 'catches))))))
