-- GHC: each question that docs/languages.md answers for it.
module Main where

import Control.Concurrent
import Control.Exception hiding (catches)
import Control.Monad
import Data.Int
import Data.Version
import Data.Word
import Foreign hiding (void)
import Foreign.C
import System.Environment
import System.Exit
import System.IO
import System.Info

forever64 :: Word64
forever64 = maxBound

long :: Word64
long = 5000000000

type Handle' = Ptr ()
type Function = Handle' -> Ptr () -> IO Int32
type Notify = Handle' -> Ptr () -> IO ()

-- "safe" is what lets others go on, and functions of ours be called meanwhile.
foreign import ccall safe "asynchron_forever" c_forever :: IO Word64
foreign import ccall safe "asynchron_create" c_create :: CString -> IO Handle'
foreign import ccall safe "asynchron_timer" c_timer :: Word64 -> IO Handle'
foreign import ccall safe "asynchron_wait" c_wait :: Handle' -> Word64 -> IO Int32
foreign import ccall unsafe "asynchron_wait" c_wait_unsafe :: Handle' -> Word64 -> IO Int32
foreign import ccall safe "asynchron_cancel" c_cancel :: Handle' -> IO Int32
foreign import ccall safe "asynchron_fail" c_fail :: Handle' -> Int32 -> CString -> IO Int32
foreign import ccall safe "asynchron_poll" c_poll :: Handle' -> IO Int32
foreign import ccall safe "asynchron_error" c_error :: Handle' -> Ptr CString -> IO Int32
foreign import ccall safe "asynchron_call" c_call :: Handle' -> FunPtr Function -> Ptr () -> IO Int32
foreign import ccall safe "asynchron_notify" c_notify :: Handle' -> FunPtr Notify -> Ptr () -> IO Int32
foreign import ccall safe "given_forever" given_forever :: Word64 -> IO CInt
foreign import ccall "wrapper" function :: Function -> IO (FunPtr Function)
foreign import ccall "wrapper" notified :: Notify -> IO (FunPtr Notify)

timer :: Word64 -> IO Handle'
timer milliseconds = c_timer (milliseconds * 1000000)

outcome :: Function -> IO String
outcome f = do
  a <- c_create nullPtr
  fn <- function f
  _ <- c_call a fn nullPtr
  status <- c_poll a
  if status == 0
    then return "success"
    else allocaArray 4 $ \why -> do
      -- an asynchron_error_t: its message comes third
      _ <- c_error a why
      message <- peekElemOff why 2 >>= peekCString
      return ("failure: " ++ message)

arrives :: IO String
arrives = do
  given <- given_forever forever64
  status <- timer 50 >>= \a -> c_wait a forever64
  return (if given == 1 && status == 0 then "arrives" else "lost")

-- Whether another thread comes to end the wait.
isEnded :: (Handle' -> Word64 -> IO Int32) -> Word64 -> IO Bool
isEnded wait limit = do
  a <- c_create nullPtr
  _ <- forkIO (threadDelay 100000 >> void (c_cancel a))
  (== 0) <$> wait a limit

blocking :: IO String
blocking = do
  unsafe <- isEnded c_wait_unsafe 1000000000
  safe <- isEnded c_wait long
  return (if unsafe then "none" else if safe then "the thread" else "all")

interrupt :: IO String
interrupt = do
  putStrLn "waiting"
  a <- c_create nullPtr
  _ <- c_wait a long
  return "went on"

callback :: IO String
callback = do
  done <- newEmptyMVar
  told <- notified (\_ _ -> putMVar done ())
  a <- timer 100
  _ <- c_notify a told nullPtr
  takeMVar done
  return "works"

leave :: IO String
leave = do
  a <- c_create nullPtr
  _ <- forkIO (void (c_wait a forever64))
  threadDelay 300000
  putStrLn "ending"
  exitSuccess

throws :: Function
throws _ _ = throwIO (userError "no luck")

catches :: Function
catches a _ = ioError (userError "no luck") `catch` \e -> withCString (reason e) (c_fail a 1)
  where reason e = takeWhile (/= ')') (drop 1 (dropWhile (/= '(') (show (e :: IOException))))

main :: IO ()
main = do
  hSetBuffering stdout LineBuffering
  [question] <- getArgs
  putStrLn =<< case question of
    "version" -> return ("GHC " ++ showVersion fullCompilerVersion)
    "forever" -> arrives
    "max" -> show <$> c_forever
    "blocking" -> blocking
    "interrupt" -> interrupt
    "callback" -> callback
    "exit" -> leave
    "exception" -> outcome throws
    "caught" -> outcome catches
    _ -> return "unknown"
