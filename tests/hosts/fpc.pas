{ fpc.pas: Free Pascal: each question that docs/languages.md answers for it. }
program FpcHost;
{$mode objfpc}{$H+}
uses cthreads, SysUtils;

const
  Forever = High(QWord);
  Long = 5000000000;
  OK = 0;
  Lib = 'asynchron';

type
  TFunction = function(a, ctx: Pointer): LongInt; cdecl;
  TNotify = procedure(a, ctx: Pointer); cdecl;
  TError = record
    Code: LongInt;
    Domain, Message: PChar;
    Payload: Pointer;
  end;

function asynchron_forever: QWord; cdecl; external Lib;
function asynchron_create(name: PChar): Pointer; cdecl; external Lib;
function asynchron_timer(ns: QWord): Pointer; cdecl; external Lib;
function asynchron_wait(a: Pointer; ns: QWord): LongInt; cdecl; external Lib;
function asynchron_cancel(a: Pointer): LongInt; cdecl; external Lib;
function asynchron_fail(a: Pointer; code: LongInt; message: PChar): LongInt; cdecl; external Lib;
function asynchron_poll(a: Pointer): LongInt; cdecl; external Lib;
function asynchron_error(a: Pointer; out e: TError): LongInt; cdecl; external Lib;
function asynchron_call(a: Pointer; f: TFunction; ctx: Pointer): LongInt; cdecl; external Lib;
function asynchron_notify(a: Pointer; f: TNotify; ctx: Pointer): LongInt; cdecl; external Lib;
function given_forever(n: QWord): LongInt; cdecl; external 'given';

var
  Told: LongInt = 0;

function Timer(milliseconds: QWord): Pointer;
begin
  Timer := asynchron_timer(milliseconds * 1000000);
end;

function Outcome(f: TFunction): string;
var
  a: Pointer;
  why: TError;
begin
  a := asynchron_create(nil);
  asynchron_call(a, f, nil);
  if asynchron_poll(a) = OK then
    exit('success');
  asynchron_error(a, why);
  Outcome := 'failure: ' + why.Message;
end;

{ An exception must not leave the function: it would jump over the library, and the asynchron would stay RUNNING. }
function Catches(a, ctx: Pointer): LongInt; cdecl;
begin
  try
    raise Exception.Create('no luck');
  except
    on e: Exception do
      Catches := asynchron_fail(a, 1, PChar(e.Message));
  end;
end;

procedure Tell(a, ctx: Pointer); cdecl;
begin
  InterlockedIncrement(Told);
end;

function Ender(a: Pointer): PtrInt;
begin
  Sleep(100);
  Ender := asynchron_cancel(a);
end;

function Waiter(unused: Pointer): PtrInt;
begin
  Waiter := asynchron_wait(asynchron_create(nil), Forever);
end;

function Arrives: string;
begin
  Arrives := 'lost';
  if (given_forever(Forever) = 1) and (asynchron_wait(Timer(50), Forever) = OK) then
    Arrives := 'arrives';
end;

{ Whether another thread comes to end the wait. }
function Blocking: string;
var
  a: Pointer;
begin
  a := asynchron_create(nil);
  BeginThread(@Ender, a);
  Blocking := 'all';
  if asynchron_wait(a, Long) = OK then
    Blocking := 'the thread';
end;

function Callback: string;
var
  i: Integer;
begin
  asynchron_notify(Timer(100), @Tell, nil);
  for i := 1 to 1000 do
    if InterlockedExchangeAdd(Told, 0) = 0 then
      Sleep(10);
  Callback := 'lost';
  if InterlockedExchangeAdd(Told, 0) = 1 then
    Callback := 'works';
end;

begin
  case ParamStr(1) of
    'version': WriteLn('Free Pascal ', {$I %FPCVERSION%});
    'forever': WriteLn(Arrives);
    'max': WriteLn(asynchron_forever);
    'blocking': WriteLn(Blocking);
    'interrupt':
    begin
      WriteLn('waiting');
      Flush(Output);
      asynchron_wait(asynchron_create(nil), Long);
      WriteLn('went on');
    end;
    'callback': WriteLn(Callback);
    'exit':
    begin
      BeginThread(@Waiter, nil);
      Sleep(300);
      WriteLn('ending');
      Flush(Output);
    end;
    'caught': WriteLn(Outcome(@Catches));
  end;
end.
