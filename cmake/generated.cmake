# What the build makes from sources: the descriptor set and the list of migrations, both embedded in the server.
# The C stubs in gen/c are committed (tools/gen) and only compiled here.
find_program(PROTOC protoc REQUIRED)

file(GLOB_RECURSE BMT_PROTOS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/protos/bmt/*.proto ${CMAKE_SOURCE_DIR}/protos/grpc/*.proto)
set(BMT_DESCRIPTORS ${CMAKE_BINARY_DIR}/descriptors.binpb)
add_custom_command(
    OUTPUT ${BMT_DESCRIPTORS}
    COMMAND ${PROTOC} -I ${CMAKE_SOURCE_DIR}/protos --include_imports --descriptor_set_out=${BMT_DESCRIPTORS} ${BMT_PROTOS}
    DEPENDS ${BMT_PROTOS}
    COMMENT "descriptor set")

file(GLOB BMT_MIGRATIONS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/db/migrations/*.sql)
set(BMT_MIGRATIONS_C ${CMAKE_BINARY_DIR}/migrations.c)
add_custom_command(
    OUTPUT ${BMT_MIGRATIONS_C}
    COMMAND ${CMAKE_SOURCE_DIR}/tools/gen/migrations ${CMAKE_SOURCE_DIR}/db/migrations ${BMT_MIGRATIONS_C}
    DEPENDS ${BMT_MIGRATIONS} ${CMAKE_SOURCE_DIR}/tools/gen/migrations
    COMMENT "list of migrations")

file(GLOB_RECURSE BMT_STUBS CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/gen/c/*.c)
add_library(bmt_protos STATIC ${BMT_STUBS})
target_include_directories(bmt_protos SYSTEM PUBLIC ${CMAKE_SOURCE_DIR}/gen/c)
target_compile_options(bmt_protos PRIVATE -w)
target_link_libraries(bmt_protos PUBLIC protobuf-c)
