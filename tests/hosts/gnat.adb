--  GNAT: each question that docs/languages.md answers for it.
package Gnat_Parts is
   procedure Answer (Question : String);
end Gnat_Parts;

with Ada.Exceptions;
with Ada.Text_IO;          use Ada.Text_IO;
with GNAT.Compiler_Version;
with GNAT.OS_Lib;
with Interfaces;           use Interfaces;
with Interfaces.C;         use Interfaces.C;
with Interfaces.C.Strings; use Interfaces.C.Strings;
with System;               use System;

package body Gnat_Parts is
   Forever : constant Unsigned_64 := Unsigned_64'Last;
   Long    : constant := 5_000_000_000;
   OK      : constant := 0;

   type Fn is access function (A, Ctx : Address) return int with Convention => C;
   type Notify_Fn is access procedure (A, Ctx : Address) with Convention => C;
   type Error_T is record
      Code            : int := 0;
      Domain, Message : chars_ptr := Null_Ptr;
      Payload         : Address := Null_Address;
   end record with Convention => C;

   function C_Forever return Unsigned_64 with Import, Convention => C, External_Name => "asynchron_forever";
   function Create (Name : chars_ptr := Null_Ptr) return Address
      with Import, Convention => C, External_Name => "asynchron_create";
   function C_Timer (Ns : Unsigned_64) return Address with Import, Convention => C, External_Name => "asynchron_timer";
   function Wait (A : Address; Ns : Unsigned_64) return int
      with Import, Convention => C, External_Name => "asynchron_wait";
   function Cancel (A : Address) return int with Import, Convention => C, External_Name => "asynchron_cancel";
   function Fail (A : Address; Code : int; Message : chars_ptr) return int
      with Import, Convention => C, External_Name => "asynchron_fail";
   function Poll (A : Address) return int with Import, Convention => C, External_Name => "asynchron_poll";
   function Error (A : Address; Out_Error : in out Error_T) return int
      with Import, Convention => C, External_Name => "asynchron_error";
   function Call (A : Address; F : Fn; Ctx : Address) return int
      with Import, Convention => C, External_Name => "asynchron_call";
   function Notify (A : Address; F : Notify_Fn; Ctx : Address) return int
      with Import, Convention => C, External_Name => "asynchron_notify";
   function Given_Forever (N : Unsigned_64) return int
      with Import, Convention => C, External_Name => "given_forever";

   package Version is new GNAT.Compiler_Version;
   Told : Boolean := False with Volatile;

   function Timer (Milliseconds : Unsigned_64) return Address is (C_Timer (Milliseconds * 1_000_000));

   --  A program of Ada's waits for its tasks. This ends without that.
   procedure Say_And_End (Text : String) is
   begin
      Put_Line (Text);
      Flush;
      GNAT.OS_Lib.OS_Exit (0);
   end Say_And_End;

   function Outcome (F : Fn) return String is
      A    : constant Address := Create;
      Done : int := Call (A, F, Null_Address);
      Why  : Error_T;
   begin
      if Poll (A) = OK then
         return "success";
      end if;
      Done := Error (A, Why);
      return "failure: " & Value (Why.Message);
   end Outcome;

   function Throws (A, Ctx : Address) return int with Convention => C;
   function Throws (A, Ctx : Address) return int is
   begin
      raise Program_Error with "no luck";
      return OK;
   end Throws;

   function Catches (A, Ctx : Address) return int with Convention => C;
   function Catches (A, Ctx : Address) return int is
   begin
      return Throws (A, Ctx);
   exception
      when E : others =>
         return Fail (A, 1, New_String (Ada.Exceptions.Exception_Message (E)));
   end Catches;

   procedure Tell (A, Ctx : Address) with Convention => C;
   procedure Tell (A, Ctx : Address) is
   begin
      Told := True;
   end Tell;

   Ended : Address := Create;

   task type Ender;
   task body Ender is
      Done : int;
   begin
      delay 0.1;
      Done := Cancel (Ended);
   end Ender;

   task type Waiter;
   task body Waiter is
      Done : int;
   begin
      Done := Wait (Create, Forever);
   end Waiter;

   type Ender_Access is access Ender;
   type Waiter_Access is access Waiter;
   procedure Answer (Question : String) is
      Some_Ender  : Ender_Access;
      Some_Waiter : Waiter_Access;
      Done        : int;
   begin
      if Question = "version" then
         Put_Line ("GNAT " & Version.Version);
      elsif Question = "forever" then
         Put_Line (if Given_Forever (Forever) = 1 and then Wait (Timer (50), Forever) = OK then "arrives" else "lost");
      elsif Question = "max" then
         Put_Line (C_Forever'Image);
      elsif Question = "blocking" then
         Some_Ender := new Ender; --  whether it comes to end the wait
         Put_Line (if Wait (Ended, Long) = OK then "the thread" else "all");
      elsif Question = "interrupt" then
         Put_Line ("waiting");
         Flush;
         Done := Wait (Create, Long);
         Put_Line ("went on");
      elsif Question = "callback" then
         Done := Notify (Timer (100), Tell'Access, Null_Address);
         for I in 1 .. 1_000 loop
            exit when Told;
            delay 0.01;
         end loop;
         Put_Line (if Told then "works" else "lost");
      elsif Question = "exit" then
         Some_Waiter := new Waiter;
         delay 0.3;
         Put_Line ("ending");
         Flush;
      elsif Question = "mended" then
         Some_Waiter := new Waiter;
         delay 0.3;
         Say_And_End ("ending");
      elsif Question = "exception" then
         Put_Line (Outcome (Throws'Access));
      elsif Question = "caught" then
         Put_Line (Outcome (Catches'Access));
      end if;
   end Answer;
end Gnat_Parts;

with Ada.Command_Line;
with Gnat_Parts;

procedure Gnat_Host is
begin
   Gnat_Parts.Answer (Ada.Command_Line.Argument (1));
end Gnat_Host;
