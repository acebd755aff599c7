--  Uses the specification that gcc has made of asynchron.h.
with Ada.Text_IO;
with Interfaces.C;         use Interfaces.C;
with Interfaces.C.Strings; use Interfaces.C.Strings;
with System;
with asynchron_h;          use asynchron_h;

procedure Read is
   Name  : chars_ptr := New_String ("answer");
   N     : aliased int := 42;
   Value : aliased asynchron_value_t;
   A     : constant access asynchron_t := asynchron_create (Name);
   Done  : int;
begin
   Done := int (asynchron_set_bytes (A, N'Address, 4));
   if Done /= asynchron_status_e_ASYNCHRON_OK then
      raise Program_Error with "set";
   end if;
   Done := int (asynchron_get_timeout (A, asynchron_forever, Value'Access));
   if Done /= asynchron_status_e_ASYNCHRON_OK or else Integer (Value.len) /= 4 then
      raise Program_Error with "get";
   end if;
   asynchron_release (A);
   Free (Name);
   Ada.Text_IO.Put_Line ("read by GNAT");
end Read;
