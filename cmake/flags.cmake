# Warnings are errors in our own code; hardening after the OpenSSF compiler guide (see SECURITY.md).
set(BMT_WARNINGS
    -Wall -Wextra -Werror -Wformat=2 -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
    -Wimplicit-fallthrough -Wundef -Wwrite-strings -Wcast-align -Wpointer-arith)

add_compile_options(
    -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -fno-delete-null-pointer-checks -fno-strict-aliasing -ftrivial-auto-var-init=zero
    # clang 14 asks for the second name of its flag; later ones and gcc do not know it.
    $<$<AND:$<C_COMPILER_ID:Clang>,$<VERSION_LESS:$<C_COMPILER_VERSION>,16>>:-enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang>
    -Werror=implicit-function-declaration -Werror=format-security -fno-omit-frame-pointer -g)
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

if(BMT_SANITIZE)
    add_compile_options(-fsanitize=${BMT_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${BMT_SANITIZE})
else()
    # Makes signed overflow defined, and so hides it from the sanitizers.
    add_compile_options(-fno-strict-overflow)
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        # Needs optimisation, and hides overflows from the sanitizers.
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    endif()
endif()

if(BMT_PLANTED)
    add_compile_definitions(BMT_PLANTED)
endif()
if(BMT_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
