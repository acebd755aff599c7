# Shows include/asynchron/*.hpp to Doxygen, which cannot place a specialisation of a class of std's.
/^template .* struct std::/ { print "/// @cond" }
{ print }
/^};/ && hidden { print "/// @endcond" }
/^template .* struct std::/ { hidden = 1 }
/^};/ { hidden = 0 }
